"""Plants that collect goods after their years of use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paxsilica.instance.demand import final_demand
from paxsilica.instance.world import World


@dataclass(frozen=True)
class Collection:
    """A plant whose activity follows from what its region used earlier.

    Attributes:
        commodity: the good that it collects, and ``region`` where.
        after_years: years of use.
        share: units of activity per unit that was in use.
        past_demand: final demand of years before the case by year, commodity units.
    """

    commodity: str
    region: str
    after_years: int
    share: float
    past_demand: Mapping[int, float]


def make_returns(world: World) -> dict[str, Collection]:
    """The plants that collect goods after use, by name. Demand of years before the case must be
    in the data."""
    first = world.case.years[0]
    found = {}
    for row in sorted(world.tables.assets, key=lambda row: row.asset):
        if row.returns_of is None or not row.returns_after_years or not row.returns_share:
            continue
        place = (row.region, row.returns_of)
        past = {
            year - row.returns_after_years
            for year in world.case.span()
            if year - row.returns_after_years < first and world.plants[row.asset].operates(year)
        }
        found[row.asset] = Collection(
            row.returns_of,
            row.region,
            row.returns_after_years,
            row.returns_share,
            {year: final_demand(world, year, place).get(place, 0.0) for year in sorted(past)},
        )
    return found
