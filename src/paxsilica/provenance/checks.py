"""Checks that look at the world: balances, published figures, capital per capacity, double counting, routes.

What the schema and the checks of the tables cannot see: whether the numbers, right each for itself, make a world like the real one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Literal

from paxsilica.provenance.world import World
from paxsilica.tables import Tables
from paxsilica.tables.schema import Project, Published

Verdict = Literal["ok", "off", "wrong"]

YEARS = (2026, 2030, 2035, 2040)
ROOM = 0.98
"""Least ratio of the world's capacity to the use of a commodity: capacities and uses are rounded."""
SPREAD = 6.0
"""Largest factor between a project's capital per capacity and the median of its process: by-product circuits against new sites."""
DEAREST_ROUTE = 0.25
"""Largest share of a commodity's price that a route may cost."""

_PHASE = re.compile(
    r"\b(phase|stage|step|module|fab|line|lines|expansion|extension|next|new|further|more|second|third|fill|filled|volume|\d+)\b"
)


@dataclass(frozen=True)
class Finding:
    """The outcome of one check: ``off`` departs from what is published and is told honestly, ``wrong`` is a fault of the data."""

    kind: str
    name: str
    ours: str
    published: str
    verdict: Verdict
    source: str = ""
    note: str = ""


def check_world(tables: Tables) -> list[Finding]:
    """Run every check."""
    world = World(tables)
    return [
        *balances(world),
        *published_figures(world),
        *capital_per_capacity(tables),
        *counted_twice(tables),
        *roads(world),
    ]


def balances(world: World) -> Iterator[Finding]:
    """Compare, commodity by commodity, what the world can make with what all demand takes, in every anchor year."""
    uses = {year: world.least_use(year) for year in YEARS}
    used = {commodity for inputs in world.inputs.values() for commodity in inputs}
    for row in world.tables.commodities:
        ratios = []
        for year in YEARS:
            made, taken = sum(world.capacity(year, row.commodity, credited=True).values()), uses[year].get(row.commodity, 0.0)
            if taken > 1e-9:
                ratios.append(made / taken)
        if not ratios:
            by_side = row.commodity in used
            yield Finding("balance", f"use of {row.commodity}", "on the side" if by_side else "none", "some", "ok" if by_side else "wrong")
            continue
        told = " ".join(f"{ratio:.2f}" for ratio in ratios)
        # By-products are made in the measure of their main product, so a high ratio is no fault.
        verdict: Verdict = "ok" if min(ratios) >= ROOM else "wrong"
        yield Finding("balance", f"capacity over use, {row.commodity}", told, f"at least {ROOM:g}", verdict)


def published_figures(world: World) -> Iterator[Finding]:
    """Compare with what is published."""
    uses: dict[int, dict[str, dict[str, float]]] = {}
    for row in world.tables.published:
        if row.measure == "use":
            uses.setdefault(row.year, world.use(row.year))
        for ours in _ours(world, row, uses):
            share = row.measure == "share of capacity"
            told = [f"{value:.0%}" if share else f"{value:.4g}" for value in (ours, row.value, row.low, row.high)]
            verdict: Verdict = "ok" if row.low <= ours <= row.high else "off"
            between = f"{told[1]} ({told[2]} to {told[3]})"
            yield Finding("published", row.name, told[0], between, verdict, ", ".join(row.sources), row.note or "")


def _ours(world: World, row: Published, uses: dict[int, dict[str, dict[str, float]]]) -> Iterator[float]:
    """Return our counterpart of a published figure; of capital, the median over the projects of the process."""
    if row.measure == "capital":
        rates = [rate for project, rate in _rates(world.tables) if row.process in ("*", project.process)]
        if rates:
            yield median(rates)
        return
    by_region = uses[row.year][row.commodity] if row.measure == "use" else world.capacity(row.year, row.commodity, row.process)
    total = sum(by_region.values())
    mine = total if row.region == "*" else by_region.get(row.region, 0.0)
    yield mine if row.measure != "share of capacity" else mine / total if total else 0.0


def _rates(tables: Tables) -> Iterator[tuple[Project, float]]:
    """Capital per unit of size of every named project at its smallest size; generic options are priced after these."""
    for project in tables.projects:
        if project.capex_usd_m is not None and project.smallest_size > 0 and not project.generic:
            yield project, project.capex_usd_m / project.smallest_size


def capital_per_capacity(tables: Tables) -> Iterator[Finding]:
    """Find projects whose capital per capacity is far from that of the others of their process."""
    by_process: dict[str, list[tuple[Project, float]]] = defaultdict(list)
    for project, rate in _rates(tables):
        by_process[project.process].append((project, rate))
    for process, group in sorted(by_process.items()):
        middle = median(rate for _, rate in group)
        far = [project.project for project, rate in group if not middle / SPREAD <= rate <= middle * SPREAD]
        rates = [rate for _, rate in group]
        told = f"{min(rates):.3g} to {max(rates):.3g}" + (f"; far: {', '.join(far)}" if far else "")
        bounds = f"within {middle / SPREAD:.3g} and {middle * SPREAD:.3g}"
        yield Finding("capital", f"USD million per unit, {process}", told, bounds, "wrong" if far else "ok")


def counted_twice(tables: Tables) -> Iterator[Finding]:
    """Find a project that is an asset, or another project, under much the same name at the same place for the same process."""
    plants = [(row.asset, row.name, row.region, row.process) for row in tables.assets]
    plants += [(row.project, row.name, row.region, row.process) for row in tables.projects]
    seen: dict[tuple[str, str, str], str] = {}
    doubles: list[str] = []
    for key, name, region, process in plants:
        place = (_bare(name), region, process)
        if place in seen:
            doubles.append(f"{seen[place]} and {key}")
        seen.setdefault(place, key)
    ours = "; ".join(doubles) or "none"
    yield Finding("double counting", "plants of one name, place and process", ours, "none", "wrong" if doubles else "ok")


def _bare(name: str) -> str:
    """A name without case and punctuation; what tells a phase from another stays, since phases are plants of their own."""
    words = re.sub(r"[^a-z0-9]+", " ", name.casefold())
    marks = " ".join(_PHASE.findall(words))
    return f"{' '.join(_PHASE.sub(' ', words).split())}|{marks}"


def roads(world: World) -> Iterator[Finding]:
    """Find commodities that cannot leave where they are made although others use them, and routes dearer than the goods bear."""
    tables = world.tables
    prices = {row.commodity: row.price_usd_per_unit for row in tables.commodities}
    leaving = {row.commodity for row in tables.routes}
    hosts = {(asset.process, asset.region) for asset in tables.assets} | {(project.process, project.region) for project in tables.projects}
    stuck: list[str] = []
    for row in tables.commodities:
        if row.commodity in leaving or "*" in leaving:
            continue
        makers = set(world.capacity(YEARS[0], row.commodity))
        users = {region for process, region in hosts if row.commodity in world.inputs[process]}
        users |= {each.region for each in tables.demand if each.commodity == row.commodity and each.quantity > 0}
        if users - makers:
            stuck.append(f"{row.commodity} in {', '.join(sorted(users - makers))}")
    yield Finding("routes", "users without a maker or a route", "; ".join(stuck) or "none", "none", "wrong" if stuck else "ok")
    dear = [
        f"{row.commodity} {row.cost_usd_per_unit / price:.0%}"
        for row in tables.routes
        if row.cost_usd_per_unit and (price := prices.get(row.commodity)) and row.cost_usd_per_unit > DEAREST_ROUTE * price
    ]
    yield Finding("routes", f"routes above {DEAREST_ROUTE:.0%} of the price", "; ".join(dear) or "none", "none", "wrong" if dear else "ok")
