"""Deals of funders as the model uses them: what is signed binds, what is not is a preference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping
from dataclasses import replace
from typing import Any

from paxsilica.case import Case
from paxsilica.instance.world import World
from paxsilica.tables import Tables
from paxsilica.tables.schema import Deal, Funder

BINDING = ("closed", "signed")
"""States of a deal that bind the funder."""

PAYMENTS = ("equity", "loan", "grant")
"""Instruments that pay capital of a project."""


def is_signed(deal: Deal) -> bool:
    """Whether a deal is signed or closed and pays capital."""
    return deal.state in BINDING and deal.instrument in PAYMENTS


def binds(deal: Deal) -> bool:
    """Whether a deal commits its funder to an amount of the capital of a project of the data."""
    return is_signed(deal) and deal.project is not None and bool(deal.amount_usd_m)


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


def envelope_factor(case: Case, row: Funder) -> float:
    """The envelope of a funder in the case over that in the data; 1 where the case states none.

    A funder whose envelope is zero or absent in the data has no limits that could be scaled: the
    factor is 1, and the envelope of the case is used as it is.
    """
    stated = case.funders.envelopes_usd_m.get(row.funder)
    if stated is None or not row.envelope_usd_m:
        return 1.0
    return stated / row.envelope_usd_m


def envelopes_in_data(tables: Tables, case: Case) -> tuple[Tables, Case]:
    """The same question with the envelopes of the case in the data, and none in the case: what
    moves the envelope of a funder in the data then moves the one that the model uses."""
    stated = case.funders.envelopes_usd_m
    if not stated:
        return tables, case
    factors = {row.funder: envelope_factor(case, row) for row in tables.funders}
    nothing = tuple(name for name, amount in stated.items() if amount == 0)

    def cells(row: Funder) -> dict[str, Any] | None:
        if row.funder not in stated:
            return None
        limit = row.annual_limit_usd_m
        return {
            "envelope_usd_m": stated[row.funder],
            "annual_limit_usd_m": None if limit is None else limit * factors[row.funder],
        }

    series = tuple(
        row.model_copy(update={"value": row.value * factors[row.row]})
        if (row.table, row.column) == ("funders", "annual_limit_usd_m") and row.row in stated
        else row
        for row in tables.series
    )
    update = {"envelopes_usd_m": {}, "exclude": (*case.funders.exclude, *nothing)}
    funders = case.funders.model_copy(update=update)
    moved = replace(tables.edited("funders", cells), series=series)
    return moved, case.model_copy(update={"funders": funders})
