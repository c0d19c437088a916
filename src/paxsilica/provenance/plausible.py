"""Checks of levels against published markets and of paths against published growth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from paxsilica.finance import MILLION
from paxsilica.provenance.verdicts import Finding, Verdict
from paxsilica.provenance.world_balance import World
from paxsilica.tables.schema import Published

STILL = 0.005
"""Largest relative change over years that counts as constant."""
NOTABLE = 0.1
"""Least relative published change at which a constant path is wrong."""

_Series = tuple[str, str, str, str]


def level(
    world: World, row: Published, uses: dict[int, dict[str, dict[str, float]]]
) -> float | None:
    """Return the capacity, use or market of a region in the data (``*``: the world).

    A market is the use at the price of the commodity, in USD million; ``None`` without a price.
    ``uses`` caches the use of each year.
    """
    if row.measure == "capacity":
        by_region = world.capacity(row.year, row.commodity, row.process)
    else:
        if row.year not in uses:
            uses[row.year] = world.use(row.year)
        by_region = uses[row.year][row.commodity]
    quantity = sum(by_region.values()) if row.region == "*" else by_region.get(row.region, 0.0)
    if row.measure != "market":
        return quantity
    price = next(
        each.price_usd_per_unit
        for each in world.tables.commodities
        if each.commodity == row.commodity
    )
    return None if price is None else quantity * price / MILLION


def growth(world: World) -> Iterator[Finding]:
    """Compare the growth of figures that are published for several years with that of the data.

    A constant path is ``wrong`` if the published figure changes. Growth outside of what the two
    published ranges allow is ``off``.
    """
    figures: dict[_Series, list[Published]] = defaultdict(list)
    for row in world.tables.published:
        if row.measure in ("capacity", "use"):
            figures[row.measure, row.region, row.process, row.commodity].append(row)
    uses: dict[int, dict[str, dict[str, float]]] = {}
    for rows in figures.values():
        rows.sort(key=lambda row: row.year)
        for first, last in pairwise(rows):
            if first.year < last.year:
                yield _change(world, first, last, uses)


def _change(
    world: World, first: Published, last: Published, uses: dict[int, dict[str, dict[str, float]]]
) -> Finding:
    """Compare the change between two years for which a figure is published."""
    name = f"{first.name}, {first.year} to {last.year}"
    sources = ", ".join(dict.fromkeys((*first.sources, *last.sources)))
    published = last.value / first.value
    low, high = (
        last.low / first.high if first.high else 0.0,
        last.high / first.low if first.low else float("inf"),
    )
    before, after = level(world, first, uses) or 0.0, level(world, last, uses) or 0.0
    between = f"{published:.2f} times ({low:.2f} to {high:.2f})"
    if before <= 0:
        return Finding("growth", name, "nothing in the first year", between, "wrong", sources)
    ours = after / before
    verdict: Verdict = "ok" if low <= ours <= high else "off"
    if abs(ours - 1) <= STILL and abs(published - 1) > NOTABLE:
        verdict = "wrong"
    note = (
        "constant although growth is published"
        if verdict == "wrong"
        else last.note or first.note or ""
    )
    return Finding("growth", name, f"{ours:.2f} times", between, verdict, sources, note)
