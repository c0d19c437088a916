"""Prices that say of what kind they are: fixed, relaxed, hull and resolve, in one table, each proved or bounded.

``price_table`` is the way in; ``with_prices`` puts the table into a plan, and the record of its proof into the plan's manifest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = [
    "KINDS",
    "PRICE_TABLES",
    "Asked",
    "Basis",
    "Curve",
    "Hull",
    "PriceError",
    "Prices",
    "hull_prices",
    "price_table",
    "start_from",
    "value_curve",
    "with_prices",
]

if TYPE_CHECKING:
    from paxsilica.plan_tables import PRICE_TABLES
    from paxsilica.prices.asked import Asked
    from paxsilica.prices.curve import Curve, value_curve
    from paxsilica.prices.duals import PriceError
    from paxsilica.prices.hull import Hull, hull_prices
    from paxsilica.prices.resolve import Basis
    from paxsilica.prices.table import KINDS
    from paxsilica.prices.whole import Prices, price_table, start_from, with_prices

_HOMES = {
    "KINDS": "table", "PRICE_TABLES": "table", "Asked": "asked", "Basis": "resolve", "Curve": "curve", "Hull": "hull", "PriceError": "duals",
    "Prices": "whole", "hull_prices": "hull", "price_table": "whole", "start_from": "whole", "value_curve": "curve", "with_prices": "whole",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Loads a name when it is first asked for, so that the help of the command line need not wait for the solver."""
    if name in _HOMES:
        return getattr(import_module(f"paxsilica.prices.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'paxsilica.prices' has no attribute {name!r}")
