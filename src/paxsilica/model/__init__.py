"""The mathematics: rows, variables and cost terms, each registered where it is written."""

from pyomo.environ import ConcreteModel as Model

from paxsilica.model.build import build
from paxsilica.model.registry import COSTS, ROWS, VARIABLES

__all__ = ["COSTS", "ROWS", "VARIABLES", "Model", "build"]
