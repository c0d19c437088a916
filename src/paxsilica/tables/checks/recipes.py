"""Recipes: what a process of each kind uses and makes, and its balance of mass."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from paxsilica.errors import Problem
from paxsilica.tables.read import Tables
from paxsilica.tables.schema import Asset, Project, Recipe

_TOLERANCE = 1e-6

_SIDES = (
    ("input", "source", "output", "uses nothing", "have an input in recipes"),
    ("output", "sink", "input", "makes nothing", "have an output in recipes"),
)
"""Of each role: the kind of process without it, the other role, and words for the two mistakes."""


def _by_process(tables: Tables) -> Mapping[str, Sequence[tuple[str, Recipe]]]:
    found: dict[str, list[tuple[str, Recipe]]] = defaultdict(list)
    for line, recipe in tables.numbered("recipes", tables.recipes):
        found[recipe.process].append((line, recipe))
    return found


def kinds_of_processes(tables: Tables) -> Iterable[Problem]:
    """Find processes without a recipe, or whose recipe does not fit their kind."""
    recipes = _by_process(tables)
    for line, process in tables.numbered("processes", tables.processes):
        name = process.process
        if name not in recipes:
            words = "should have rows in recipes; it has none"
            yield Problem("processes", line, "process", name, words)
            continue
        for role, kind, other, nothing, something in _SIDES:
            lines = [at for at, row in recipes[name] if row.role == role]
            if process.kind == kind:
                words = f"should be {other!r}: {name!r} is a {kind}, which {nothing}"
                yield from (Problem("recipes", at, "role", role, words) for at in lines)
            elif not lines:
                words = f"should {something}, or {name!r} be a {kind}"
                yield Problem("processes", line, "kind", process.kind, words)


def main_products(tables: Tables) -> Iterable[Problem]:
    """Find processes whose main product they do not make."""
    recipes = _by_process(tables)
    for line, process in tables.numbered("processes", tables.processes):
        rows = recipes.get(process.process, ())
        outputs = [row.commodity for _, row in rows if row.role == "output"]
        if process.main_product is not None and process.main_product not in outputs:
            listed = ", ".join(outputs) or "it has none"
            words = f"should be an output of the process in recipes: {listed}"
            yield Problem("processes", line, "main_product", process.main_product, words)


def fixed_costs(tables: Tables) -> Iterable[Problem]:
    """Find processes with a fixed cost that do not say whether unit costs hold it, or the
    reverse."""
    for line, row in tables.numbered("processes", tables.processes):
        if bool(row.fixed_cost_usd_per_unit) == (row.unit_cost_includes_fixed is not None):
            continue
        words = (
            "should be yes or no: whether the unit costs of its plants hold the fixed cost"
            if row.fixed_cost_usd_per_unit
            else "should be blank: the process has no fixed cost"
        )
        value = "" if row.unit_cost_includes_fixed is None else str(row.unit_cost_includes_fixed)
        yield Problem("processes", line, "unit_cost_includes_fixed", value, words)


def mass_is_conserved(tables: Tables) -> Iterable[Problem]:
    """Find conversions whose weighed outputs weigh more than their weighed inputs."""
    weights = {
        row.commodity: row.mass_t_per_unit
        for row in tables.commodities
        if row.mass_t_per_unit is not None
    }
    recipes = _by_process(tables)
    for line, process in tables.numbered("processes", tables.processes):
        if process.kind != "conversion":
            continue
        mass, names = {"input": 0.0, "output": 0.0}, {"input": "", "output": ""}
        for _, row in recipes.get(process.process, ()):
            if row.commodity in weights:
                mass[row.role] += row.quantity * weights[row.commodity]
                names[row.role] += f"{' + ' if names[row.role] else ''}{row.commodity}"
        into, out = mass["input"], mass["output"]
        if out > into * (1 + _TOLERANCE):
            source = f"{into:.12g} t of {names['input']}" if into else "no weighed input"
            words = (
                "should not make mass from nothing: in recipes one unit of activity makes"
                f" {out:.12g} t of {names['output']} from {source} (mass_t_per_unit in commodities)"
            )
            yield Problem("processes", line, "process", process.process, words)


def shared_capacities(tables: Tables) -> Iterable[Problem]:
    """Find further recipes of a plant that is elsewhere, under other control, or itself a further
    recipe; and plants with further recipes that always run."""
    plants: dict[str, Asset | Project] = {row.asset: row for row in tables.assets}
    plants |= {row.project: row for row in tables.projects}
    for line, row in tables.numbered("assets", tables.assets):
        base = plants.get(row.shares_capacity_of or "")
        if base is None:
            continue
        words = ""
        if isinstance(base, Asset) and base.shares_capacity_of is not None:
            words = "should be a plant with a capacity of its own"
        elif (base.region, base.controller or base.region) != (
            row.region,
            row.controller or row.region,
        ):
            words = "should be a plant of the same region and controller"
        elif isinstance(base, Asset) and base.must_run_share:
            words = "should be a plant without must_run_share, as recipes take turns"
        elif isinstance(base, Asset) and base.capacity == math.inf:
            words = "should be a plant with a limited capacity"
        if words:
            yield Problem("assets", line, "shares_capacity_of", row.shares_capacity_of or "", words)
