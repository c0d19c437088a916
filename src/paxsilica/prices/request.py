"""Which prices are wanted."""

from __future__ import annotations

from dataclasses import dataclass

from paxsilica.prices.table import KINDS, Kind


@dataclass(frozen=True)
class PriceRequest:
    """Which prices are wanted.

    Attributes:
        kinds: of price.
        sides: prices of which one less and one more are told besides those of money, coverage and
            concentration, each as ``WHAT`` or ``WHAT:WHERE``, with ``*`` and ``?`` as wildcards; it
            takes a tenth of a second or so each.
        money: what is moved by solving again: ``budget`` and funders; ``None``: the budget, if
            there is one.
        step: USD million by which it is moved; ``None``: see
            :func:`paxsilica.prices.finite_difference.default_step`.
        coverage: stages whose required coverage is moved by solving again, by ``points`` percentage
            points.
        concentration: whether the cap on a region's share is.
        sooner: projects of which a year less of lead time is priced by solving again.
        members: regions whose being trusted is priced by solving again.
    """

    kinds: tuple[Kind, ...] = KINDS
    sides: tuple[str, ...] = ()
    money: tuple[str, ...] | None = None
    step: float | None = None
    coverage: tuple[str, ...] = ()
    concentration: bool = False
    points: float = 5.0
    sooner: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
