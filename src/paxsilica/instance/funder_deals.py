"""Deals of funders as the model uses them: what is signed binds, what is not is a preference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping

from paxsilica.instance.world import World
from paxsilica.tables.schema import Deal, Funder

BINDING = ("closed", "signed")
"""States of a deal that bind the funder."""

PAYMENTS = ("equity", "loan", "grant")
"""Instruments that pay capital of a project."""


def binds(deal: Deal) -> bool:
    """Whether a deal commits its funder to an amount of the capital of a project of the data."""
    return (
        deal.state in BINDING
        and deal.instrument in PAYMENTS
        and deal.project is not None
        and bool(deal.amount_usd_m)
    )


def stated_amounts(world: World) -> dict[tuple[str, str], float]:
    """What binding deals commit by (funder, project), USD million; empty if the case counts no
    deals."""
    found: dict[tuple[str, str], float] = defaultdict(float)
    for deal in world.tables.deals if world.case.funders.deals == "rows" else ():
        if binds(deal):
            found[deal.funder, str(deal.project)] += deal.amount_usd_m or 0.0
    return dict(found)


def signed_amounts(
    world: World, funders: Container[str], public: Mapping[str, float]
) -> dict[tuple[str, str], float]:
    """What funders that take part are bound to pay by (funder, project), USD million: the amount of
    their deals, at most the public capital of the project in ``public``, USD million."""
    return {
        (funder, project): min(amount, public[project])
        for (funder, project), amount in sorted(stated_amounts(world).items())
        if funder in funders and public.get(project, 0.0) > 0
    }


def with_a_deal(world: World) -> frozenset[tuple[str, str]]:
    """(funder, project) of every deal of the data, whatever its state."""
    return frozenset(
        (deal.funder, deal.project) for deal in world.tables.deals if deal.project is not None
    )


def at_home(world: World, home: str, region: str) -> bool:
    """Whether a funder of the region ``home`` is at home in ``region``: the same region, or one
    of its group."""
    return home in (region, world.regions[region].group)


def envelope_factor(world: World, row: Funder) -> float:
    """The envelope of a funder in the case over that in the data; 1 where the case states none.

    A funder whose envelope is zero or absent in the data has no limits that could be scaled: the
    factor is 1, and the envelope of the case is used as it is.
    """
    stated = world.case.funders.envelopes_usd_m.get(row.funder)
    if stated is None or not row.envelope_usd_m:
        return 1.0
    return stated / row.envelope_usd_m
