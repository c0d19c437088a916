"""Existing plants that the plan may close for good, or mothball for some years."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paxsilica.instance.world import World
from paxsilica.tables.schema import Asset


@dataclass(frozen=True)
class Closable:
    """An existing plant that may be taken out of service.

    Attributes:
        years: of its operation within the case.
        closing_cost: USD million by year of closing; empty where it may not be closed.
        kept_share: share of the fixed cost that a mothballed plant costs; ``None`` where it may not
            be mothballed.
        restart_cost: USD million by year in which it returns to service.
    """

    years: tuple[int, ...]
    closing_cost: Mapping[int, float]
    kept_share: float | None
    restart_cost: Mapping[int, float]


def make_closable(world: World) -> dict[str, Closable]:
    """The plants that may be taken out of service, by name."""
    found = {}
    for row in sorted(world.tables.assets, key=lambda row: row.asset):
        years = tuple(year for year in world.case.span() if world.plants[row.asset].operates(year))
        if not years or not world.may_be_closed(row.asset):
            continue
        closes = row.closing_cost_usd_m is not None
        closes |= ("assets", row.asset, "closing_cost_usd_m") in world.series
        found[row.asset] = Closable(
            years,
            _costs(world, row, "closing_cost_usd_m", years) if closes else {},
            row.mothballed_fixed_cost_share,
            _costs(world, row, "restart_cost_usd_m", years),
        )
    return found


def _costs(world: World, row: Asset, column: str, years: tuple[int, ...]) -> dict[int, float]:
    """USD million by year, zero where none is stated."""
    return {year: world.number("assets", row, column, year, 0.0) for year in years}
