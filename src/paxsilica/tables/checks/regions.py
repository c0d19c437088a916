"""Regions, their status, and what is demanded, stored and shipped in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from paxsilica.errors import Problem
from paxsilica.tables.read import Tables
from paxsilica.tables.schema import Demand

_NOT_IN_A_HUB = (
    ("assets", "region", "hosts and controls nothing"),
    ("assets", "controller", "hosts and controls nothing"),
    ("projects", "region", "hosts and controls nothing"),
    ("projects", "controller", "hosts and controls nothing"),
    ("membership", "region", "is never cut off, so it has no status"),
    ("demand", "region", "has no demand"),
    ("stocks", "region", "stores nothing"),
    ("funders", "region", "pays for nothing"),
)


def hubs_host_nothing(tables: Tables) -> Iterable[Problem]:
    """Find rows that place something in a hub."""
    hubs = {region.region for region in tables.regions if region.kind == "hub"}
    for table, column, reason in _NOT_IN_A_HUB:
        for line, row in tables.numbered(table, tables.rows(table)):
            region = getattr(row, column)
            if region in hubs:
                words = f"should be a country or a group: a hub {reason}"
                yield Problem(table, line, column, region, words)


def membership_is_complete(tables: Tables) -> Iterable[Problem]:
    """Find regions without a status, if the table of membership is present."""
    if "membership" not in tables.present:
        return
    members = {row.region for row in tables.membership}
    for line, region in tables.numbered("regions", tables.regions):
        if region.kind != "hub" and region.region not in members:
            words = "should have a row in membership, since that table is there"
            yield Problem("regions", line, "region", region.region, words)


def covered_commodities_have_a_stage(tables: Tables) -> Iterable[Problem]:
    """Find covered commodities without a stage that could report their coverage."""
    if "stages" not in tables.present:
        return
    for line, commodity in tables.numbered("commodities", tables.commodities):
        if commodity.covered and commodity.stage is None:
            words = f"should name a stage, since {commodity.commodity!r} is covered"
            yield Problem("commodities", line, "stage", "", words)


def variants_of_demand(tables: Tables) -> Iterable[Problem]:
    """Find demand that is missing in a variant.

    A case reads the rows of its variant and those without a variant. Demand must therefore have
    rows of every variant or of none, and its variants must span the same years.
    """
    variants = {row.variant for row in tables.demand if row.variant is not None}
    groups: dict[tuple[str, str, str | None], dict[str | None, list[tuple[str, Demand]]]] = (
        defaultdict(lambda: defaultdict(list))
    )
    for line, row in tables.numbered("demand", tables.demand):
        groups[row.region, row.commodity, row.use][row.variant].append((line, row))
    for (region, commodity, use), group in groups.items():
        line = next(iter(group.values()))[0][0]
        name = f"{commodity} in {region}" + (f" for {use}" if use else "")
        missing = sorted(variants - {variant for variant in group if variant is not None})
        if None not in group and missing:
            words = (
                f"{name} should have rows of the variant {' and '.join(map(repr, missing))} too, or"
                " leave the variant blank if it is part of every one"
            )
            yield Problem("demand", line, "variant", "", words)
        spans = {
            variant: (min(row.year for _, row in rows), max(row.year for _, row in rows))
            for variant, rows in group.items()
        }
        if len(set(spans.values())) > 1:
            listed = ", ".join(
                f"{variant or 'blank'} {first}-{last}" for variant, (first, last) in spans.items()
            )
            words = f"the variants of {name} should span the same years, but they span {listed}"
            yield Problem("demand", line, "year", "", words)


def returns_of_what_is_demanded(tables: Tables) -> Iterable[Problem]:
    """Find plants that collect a good which their region does not demand."""
    demanded = {(row.region, row.commodity) for row in tables.demand}
    for line, row in tables.numbered("assets", tables.assets):
        if row.returns_of is not None and (row.region, row.returns_of) not in demanded:
            words = f"should be a good with final demand in {row.region}"
            yield Problem("assets", line, "returns_of", row.returns_of, words)
