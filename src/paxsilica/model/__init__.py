"""The mathematics: rows, variables and cost terms, each registered where it is written."""

from paxsilica.model.build import build
from paxsilica.model.registry import COSTS, ROWS, VARIABLES

__all__ = ["COSTS", "ROWS", "VARIABLES", "build"]
