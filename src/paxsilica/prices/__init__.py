"""Prices that say of what kind they are: fixed, relaxed, hull and resolve, in one table, each
proved or bounded.

``price_table`` is the way in; ``with_prices`` puts the table into a plan, and the record of its
proof into the plan's manifest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = [
    "KINDS",
    "PRICE_TABLES",
    "Basis",
    "Curve",
    "Hull",
    "PriceError",
    "PriceRequest",
    "Prices",
    "compute_value_curve",
    "hull_prices",
    "price_table",
    "start_from",
    "with_prices",
]

if TYPE_CHECKING:
    from paxsilica.plan.tables import PRICE_TABLES
    from paxsilica.prices.duals import PriceError
    from paxsilica.prices.finite_difference import Basis
    from paxsilica.prices.hull import Hull, hull_prices
    from paxsilica.prices.report import Prices, price_table, start_from, with_prices
    from paxsilica.prices.request import PriceRequest
    from paxsilica.prices.table import KINDS
    from paxsilica.prices.value_curve import Curve, compute_value_curve

_HOMES = {
    "KINDS": "table",
    "PRICE_TABLES": "table",
    "PriceRequest": "request",
    "Basis": "finite_difference",
    "Curve": "value_curve",
    "Hull": "hull",
    "PriceError": "duals",
    "Prices": "report",
    "hull_prices": "hull",
    "price_table": "report",
    "start_from": "report",
    "compute_value_curve": "value_curve",
    "with_prices": "report",
}


def __getattr__(name: str) -> Any:
    """Loads a name when it is first asked for, so that the help of the command line need not wait
    for the solver."""
    if name in _HOMES:
        return getattr(import_module(f"paxsilica.prices.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'paxsilica.prices' has no attribute {name!r}")
