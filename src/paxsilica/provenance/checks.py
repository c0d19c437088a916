"""Checks of the data as a whole: balances, published figures and growth, capital per capacity,
double counting, routes, margins, shortage prices and imports.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from paxsilica.provenance.imports import compare
from paxsilica.provenance.plausible import growth, level
from paxsilica.provenance.verdicts import Finding, Verdict
from paxsilica.provenance.world_balance import World
from paxsilica.tables import Tables
from paxsilica.tables.schema import Project, Published

__all__ = ["Finding", "Verdict", "check_world", "imported"]

YEARS = (2026, 2028, 2030, 2035, 2040)
ROOM = 0.98
"""Least ratio of the world's capacity to the use of a commodity: capacities and uses are
rounded."""
SPREAD = 6.0
"""Largest factor between a project's capital per capacity and the median of its process: by-product
circuits against new sites."""
DEAREST_ROUTE = 0.25
"""Largest share of a commodity's price that a route may cost."""

_PHASE = re.compile(
    r"\b(phase|stage|step|module|fab|line|lines|expansion|extension|next|new|further|more|second|third|fill|filled|volume|\d+)\b"
)


def check_world(tables: Tables) -> list[Finding]:
    """Run every check."""
    world = World(tables)
    return [
        *balances(world),
        *published_figures(world),
        *growth(world),
        *capital_per_capacity(tables),
        *counted_twice(tables),
        *roads(world),
        *margins(world),
        *shortage_prices(tables),
    ]


def balances(world: World) -> Iterator[Finding]:
    """Compare the world capacity of every commodity with its use, in every anchor year."""
    uses = {year: world.least_use(year) for year in YEARS}
    used = {commodity for inputs in world.inputs.values() for commodity in inputs}
    for row in world.tables.commodities:
        ratios = []
        for year in YEARS:
            made, taken = (
                sum(world.capacity(year, row.commodity, credited=True).values()),
                uses[year].get(row.commodity, 0.0),
            )
            if taken > 1e-9:
                ratios.append(made / taken)
        if not ratios:
            by_side = row.commodity in used
            yield Finding(
                "balance",
                f"use of {row.commodity}",
                "as an input only" if by_side else "none",
                "some",
                "ok" if by_side else "wrong",
            )
            continue
        reported = " ".join(f"{ratio:.2f}" for ratio in ratios)
        # By-products follow their main product, so a high ratio is no mistake.
        verdict: Verdict = "ok" if min(ratios) >= ROOM else "wrong"
        yield Finding(
            "balance",
            f"capacity over use, {row.commodity}",
            reported,
            f"at least {ROOM:g}",
            verdict,
        )


def published_figures(world: World) -> Iterator[Finding]:
    """Compare with what is published."""
    uses: dict[int, dict[str, dict[str, float]]] = {}
    for row in world.tables.published:
        for ours in _ours(world, row, uses):
            share = row.measure == "share of capacity"
            mine, value, low, high = (
                "no price" if each is None else f"{each:.0%}" if share else f"{each:.4g}"
                for each in (ours, row.value, row.low, row.high)
            )
            verdict: Verdict = "wrong"
            if ours is not None:
                verdict = "ok" if row.low <= ours <= row.high else "off"
            yield Finding(
                "published",
                row.name,
                mine,
                f"{value} ({low} to {high})",
                verdict,
                ", ".join(row.sources),
                row.note or "",
            )


def _ours(
    world: World, row: Published, uses: dict[int, dict[str, dict[str, float]]]
) -> Iterator[float | None]:
    """Return the figure of the data; of capital, the median over the projects of the process;
    ``None`` for a market without a price."""
    if row.measure == "capital":
        rates = [
            rate for project, rate in _rates(world.tables) if row.process in ("*", project.process)
        ]
        if rates:
            yield median(rates)
        return
    if row.measure != "share of capacity":
        yield level(world, row, uses)
        return
    by_region = world.capacity(row.year, row.commodity, row.process)
    total = sum(by_region.values())
    mine = total if row.region == "*" else by_region.get(row.region, 0.0)
    yield mine / total if total else 0.0


def _rates(tables: Tables) -> Iterator[tuple[Project, float]]:
    """Capital per unit of size of every named project at its smallest size; generic options are
    priced from these."""
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
        far = [
            project.project
            for project, rate in group
            if not middle / SPREAD <= rate <= middle * SPREAD
        ]
        rates = [rate for _, rate in group]
        reported = f"{min(rates):.3g} to {max(rates):.3g}" + (
            f"; far: {', '.join(far)}" if far else ""
        )
        bounds = f"within {middle / SPREAD:.3g} and {middle * SPREAD:.3g}"
        yield Finding(
            "capital",
            f"USD million per unit, {process}",
            reported,
            bounds,
            "wrong" if far else "ok",
        )


def counted_twice(tables: Tables) -> Iterator[Finding]:
    """Find plants of nearly the same name with the same region and process."""
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
    yield Finding(
        "double counting",
        "plants of one name, place and process",
        ours,
        "none",
        "wrong" if doubles else "ok",
    )


def _bare(name: str) -> str:
    """A name without case and punctuation; the marks of phases stay, since phases are plants of
    their own."""
    words = re.sub(r"[^a-z0-9]+", " ", name.casefold())
    marks = " ".join(_PHASE.findall(words))
    return f"{' '.join(_PHASE.sub(' ', words).split())}|{marks}"


def roads(world: World) -> Iterator[Finding]:
    """Find commodities without a route to their users, and routes that are expensive for their
    goods."""
    tables = world.tables
    prices = {row.commodity: row.price_usd_per_unit for row in tables.commodities}
    leaving = {row.commodity for row in tables.routes}
    hosts = {(asset.process, asset.region) for asset in tables.assets} | {
        (project.process, project.region) for project in tables.projects
    }
    stuck: list[str] = []
    for row in tables.commodities:
        if row.commodity in leaving or "*" in leaving:
            continue
        makers = set(world.capacity(YEARS[0], row.commodity))
        users = {region for process, region in hosts if row.commodity in world.inputs[process]}
        users |= {
            each.region
            for each in tables.demand
            if each.commodity == row.commodity and each.quantity > 0
        }
        if users - makers:
            stuck.append(f"{row.commodity} in {', '.join(sorted(users - makers))}")
    yield Finding(
        "routes",
        "users without a maker or a route",
        "; ".join(stuck) or "none",
        "none",
        "wrong" if stuck else "ok",
    )
    dear = [
        f"{row.commodity} {row.cost_usd_per_unit / price:.0%}"
        for row in tables.routes
        if row.cost_usd_per_unit
        and (price := prices.get(row.commodity))
        and row.cost_usd_per_unit > DEAREST_ROUTE * price
    ]
    yield Finding(
        "routes",
        f"routes above {DEAREST_ROUTE:.0%} of the price",
        "; ".join(dear) or "none",
        "none",
        "wrong" if dear else "ok",
    )


def margins(world: World) -> Iterator[Finding]:
    """Find processes whose inputs cost more than their outputs at list prices, or whose cheapest
    plant makes a loss.

    Commodities without a price count as zero. Processes without existing plants, or without a
    priced output, are left out. Prices and variable costs are in USD per unit.
    """
    tables = world.tables
    prices = {row.commodity: row.price_usd_per_unit or 0.0 for row in tables.commodities}
    costs: dict[str, list[float]] = defaultdict(list)
    for asset in tables.assets:
        if asset.variable_cost_usd_per_unit is not None:
            costs[asset.process].append(asset.variable_cost_usd_per_unit)
    for row in tables.processes:
        earned = sum(
            prices[name] * quantity for name, quantity in world.outputs[row.process].items()
        )
        if not earned or not costs[row.process]:
            continue
        spent = (
            sum(prices[name] * quantity for name, quantity in world.inputs[row.process].items())
            / earned
        )
        least, middle = min(costs[row.process]) / earned, median(costs[row.process]) / earned
        verdict: Verdict = "wrong" if spent >= 1 else "off" if spent + least > 1 else "ok"
        reported = (
            f"inputs {spent:.0%}, margin {1 - spent - least:.0%} of the cheapest plant and"
            f" {1 - spent - middle:.0%} of the median plant"
        )
        note = "" if verdict == "ok" else "even the cheapest plant makes a loss at list prices"
        yield Finding(
            "margin",
            f"margin, {row.process}",
            reported,
            "inputs below 100%, margin above 0%",
            verdict,
            note=note,
        )


def shortage_prices(tables: Tables) -> Iterator[Finding]:
    """Find commodities whose shortage price is not above their price."""
    low = [
        f"{row.commodity} {row.shortage_price_usd_per_unit:g}"
        f" at a price of {row.price_usd_per_unit:g}"
        for row in tables.commodities
        if row.shortage_price_usd_per_unit is not None
        and row.price_usd_per_unit is not None
        and row.shortage_price_usd_per_unit <= row.price_usd_per_unit
    ]
    yield Finding(
        "shortage",
        "shortage prices not above the price",
        "; ".join(low) or "none",
        "none",
        "wrong" if low else "ok",
    )


def imported(folder: Path) -> Iterator[Finding]:
    """Find cells that differ from the import rules of the data folder, if it has any.

    Raises:
        InputError: if a rule cannot be used.
    """
    if not (folder / "imports" / "rules.csv").is_file():
        return
    found = compare(folder)
    differing = [str(each) for each in found if not each.agrees]
    ours = "; ".join(differing) or f"{len(found)} cells agree"
    yield Finding(
        "imports",
        "cells taken from official tables",
        ours,
        "as the rules give",
        "wrong" if differing else "ok",
    )
