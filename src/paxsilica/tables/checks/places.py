"""Regions, their standing, and what is demanded, stored and shipped in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from paxsilica.errors import Problem
from paxsilica.tables.read import Tables
from paxsilica.tables.schema import Demand


def hubs_host_nothing(tables: Tables) -> Iterable[Problem]:
    """Find things placed in a hub, which only passes goods on."""
    hubs = {region.region for region in tables.regions if region.kind == "hub"}
    plants = [("assets", line, asset) for line, asset in tables.numbered("assets", tables.assets)]
    candidates = [("projects", line, project) for line, project in tables.numbered("projects", tables.projects)]
    for table, line, plant in plants + candidates:
        for column, region in (("region", plant.region), ("controller", plant.controller)):
            if region in hubs:
                yield Problem(table, line, column, region or "", "should be a country or a group: a hub hosts and controls nothing")
    reasons = {
        "membership": "should be a country or a group: a hub is never switched off, so it has no standing",
        "demand": "should be a country or a group: nothing is demanded in a hub",
        "stocks": "should be a country or a group: nothing is stored in a hub",
        "funders": "should be a country or a group: a hub pays for nothing",
    }
    for table, words in reasons.items():
        for line, row in tables.numbered(table, tables.rows(table)):
            region = getattr(row, "region", None)
            if region in hubs:
                yield Problem(table, line, "region", str(region), words)


def membership_is_complete(tables: Tables) -> Iterable[Problem]:
    """Find regions without a standing, where standings are told at all."""
    if "membership" not in tables.present:
        return
    standing = {row.region for row in tables.membership}
    for line, region in tables.numbered("regions", tables.regions):
        if region.kind != "hub" and region.region not in standing:
            yield Problem("regions", line, "region", region.region, "should have a row in membership, since that table is there")


def covered_commodities_have_a_stage(tables: Tables) -> Iterable[Problem]:
    """Find commodities whose coverage is asked for but would be reported nowhere."""
    if "stages" not in tables.present:
        return
    for line, commodity in tables.numbered("commodities", tables.commodities):
        if commodity.covered and commodity.stage is None:
            yield Problem("commodities", line, "stage", "", f"should name a stage, since {commodity.commodity!r} is covered")


def routes_lead_somewhere(tables: Tables) -> Iterable[Problem]:
    """Find routes from a place to itself and shipments whose least exceeds their most."""
    for line, route in tables.numbered("routes", tables.routes):
        if route.from_region == route.to_region != "*":
            yield Problem("routes", line, "to_region", route.to_region, "should differ from from_region")
        smallest, largest = route.smallest_shipment, route.largest_shipment
        if smallest is not None and largest is not None and smallest > largest:
            yield Problem(
                "routes", line, "smallest_shipment", f"{smallest:.12g}", f"should be at most largest_shipment, which is {largest:.12g}"
            )


def levels_of_stocks(tables: Tables) -> Iterable[Problem]:
    """Find stocks that begin, end or are kept fuller than they can be, and those that end below their floor."""
    for line, stock in tables.numbered("stocks", tables.stocks):
        for column, level in (("initial", stock.initial), ("final", stock.final), ("floor", stock.floor)):
            if level is not None and level > stock.largest:
                yield Problem("stocks", line, column, f"{level:.12g}", f"should be at most largest, which is {stock.largest:.12g}")
        if stock.final is not None and stock.floor is not None and stock.final < stock.floor:
            yield Problem("stocks", line, "final", f"{stock.final:.12g}", f"should be at least floor, which is {stock.floor:.12g}")


def variants_of_demand(tables: Tables) -> Iterable[Problem]:
    """Find demand that a variant would silently lose.

    A case reads the rows of its variant and those without one. Demand that has some variants but not all that the table knows,
    or whose variants span different years, would vanish in a case that asks for the one it lacks.
    """
    variants = {row.variant for row in tables.demand if row.variant is not None}
    groups: dict[tuple[str, str, str | None], dict[str | None, list[tuple[str, Demand]]]] = defaultdict(lambda: defaultdict(list))
    for line, row in tables.numbered("demand", tables.demand):
        groups[row.region, row.commodity, row.use][row.variant].append((line, row))
    for (region, commodity, use), group in groups.items():
        first_line = next(iter(group.values()))[0][0]
        name = f"{commodity} in {region}" + (f" for {use}" if use else "")
        named = set(group) - {None}
        missing = sorted(variant for variant in variants - named if variant is not None)
        if named and None not in group and missing:
            lacks = " and ".join(map(repr, missing))
            words = f"{name} should have rows of the variant {lacks} too, or leave the variant blank if it is part of every one"
            yield Problem("demand", first_line, "variant", "", words)
        spans = {variant: (min(row.year for _, row in rows), max(row.year for _, row in rows)) for variant, rows in group.items()}
        if len(set(spans.values())) > 1:
            told = ", ".join(f"{variant or 'blank'} {first}-{last}" for variant, (first, last) in spans.items())
            yield Problem("demand", first_line, "year", "", f"the variants of {name} should span the same years, but they span {told}")
