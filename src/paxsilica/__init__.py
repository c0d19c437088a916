"""Plan which plants an alliance should pay for, so that every stage from ore to AI server has a
source that cannot be cut off.

The public interface is what this module lists:

- :func:`load` a :class:`Question` (tables and a case), change it ``with_`` other settings,
  ``solve`` it to a :class:`Plan`;
- a :class:`Plan` holds tidy tables, can be saved, loaded and compared;
- studies, which solve many times: :func:`frontier`, :func:`alternatives`, :func:`sensitivity`,
  :func:`two_way`, :func:`montecarlo`, :func:`completion`, :func:`information`,
  :func:`side_by_side`, :func:`compare`, :func:`stress`, :func:`replan` and :func:`value_partners`
  (with :func:`parse_player`);
- :func:`price_table` prices a plan in four kinds that are never mixed
  (:class:`PriceRequest` selects them);
  the program's page on prices says what they mean;
- every error that comes of input is an :class:`InputError` that lists all problems.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from paxsilica.version import __version__

__all__ = [
    "Case",
    "InputError",
    "Plan",
    "PriceRequest",
    "Question",
    "Tables",
    "__version__",
    "alternatives",
    "compare",
    "completion",
    "frontier",
    "information",
    "load",
    "load_tables",
    "make_plan",
    "montecarlo",
    "parse_player",
    "price_table",
    "read_case",
    "replan",
    "sensitivity",
    "side_by_side",
    "stress",
    "two_way",
    "value_partners",
]

if TYPE_CHECKING:
    from paxsilica.api import Question, load
    from paxsilica.case import Case, read_case
    from paxsilica.errors import InputError
    from paxsilica.plan.result import Plan
    from paxsilica.plan.solve import make_plan
    from paxsilica.prices.report import price_table
    from paxsilica.prices.request import PriceRequest
    from paxsilica.studies.alternatives import alternatives
    from paxsilica.studies.completion_draws import completion
    from paxsilica.studies.frontier import frontier
    from paxsilica.studies.information import information
    from paxsilica.studies.montecarlo import montecarlo
    from paxsilica.studies.partners import parse_player, value_partners
    from paxsilica.studies.replan import replan
    from paxsilica.studies.scenarios import compare, side_by_side
    from paxsilica.studies.sensitivity import sensitivity, two_way
    from paxsilica.studies.stress import stress
    from paxsilica.tables import Tables, load_tables

_HOMES = {
    "PriceRequest": "prices.request",
    "Case": "case",
    "InputError": "errors",
    "Plan": "plan.result",
    "Question": "api",
    "Tables": "tables",
    "alternatives": "studies.alternatives",
    "compare": "studies.scenarios",
    "completion": "studies.completion_draws",
    "frontier": "studies.frontier",
    "information": "studies.information",
    "load": "api",
    "load_tables": "tables",
    "make_plan": "plan.solve",
    "montecarlo": "studies.montecarlo",
    "parse_player": "studies.partners",
    "price_table": "prices.report",
    "read_case": "case",
    "replan": "studies.replan",
    "sensitivity": "studies.sensitivity",
    "side_by_side": "studies.scenarios",
    "stress": "studies.stress",
    "two_way": "studies.sensitivity",
    "value_partners": "studies.partners",
}


def __getattr__(name: str) -> Any:
    """Loads a public name when it is first asked for, so that ``paxsilica --version`` need not wait
    for the solver."""
    if name in _HOMES:
        return getattr(import_module(f"paxsilica.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'paxsilica' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, which a shell completes."""
    return sorted(__all__)
