"""Recipes: what a process of each kind uses and makes, and that it makes no mass from nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from paxsilica.errors import Problem
from paxsilica.tables.read import Tables
from paxsilica.tables.schema import Recipe

_TOLERANCE = 1e-6


def _by_process(tables: Tables) -> Mapping[str, Sequence[tuple[str, Recipe]]]:
    found: dict[str, list[tuple[str, Recipe]]] = defaultdict(list)
    for line, recipe in tables.numbered("recipes", tables.recipes):
        found[recipe.process].append((line, recipe))
    return found


def kinds_of_processes(tables: Tables) -> Iterable[Problem]:
    """Find processes without a recipe, or whose recipe does not fit their kind."""
    recipes = _by_process(tables)
    for line, process in tables.numbered("processes", tables.processes):
        rows = recipes.get(process.process, ())
        if not rows:
            yield Problem(
                "processes",
                line,
                "process",
                process.process,
                "should have rows in recipes; it has none",
            )
            continue
        inputs = [(at, row) for at, row in rows if row.role == "input"]
        outputs = [(at, row) for at, row in rows if row.role == "output"]
        if process.kind == "source":
            for at, row in inputs:
                yield Problem(
                    "recipes",
                    at,
                    "role",
                    "input",
                    f"should be 'output': {row.process!r} is a source, which uses nothing",
                )
        elif not inputs:
            yield Problem(
                "processes",
                line,
                "kind",
                process.kind,
                f"should have an input in recipes, or {process.process!r} be a source",
            )
        if process.kind == "sink":
            for at, row in outputs:
                yield Problem(
                    "recipes",
                    at,
                    "role",
                    "output",
                    f"should be 'input': {row.process!r} is a sink, which makes nothing",
                )
        elif not outputs:
            yield Problem(
                "processes",
                line,
                "kind",
                process.kind,
                f"should have an output in recipes, or {process.process!r} be a sink",
            )


def main_products(tables: Tables) -> Iterable[Problem]:
    """Find processes whose main product they do not make."""
    recipes = _by_process(tables)
    for line, process in tables.numbered("processes", tables.processes):
        outputs = [
            row.commodity for _, row in recipes.get(process.process, ()) if row.role == "output"
        ]
        if process.main_product is not None and process.main_product not in outputs:
            words = (
                "should be an output of the process in recipes:"
                f" {', '.join(outputs) or 'it has none'}"
            )
            yield Problem("processes", line, "main_product", process.main_product, words)


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
        weighed = [row for _, row in recipes.get(process.process, ()) if row.commodity in weights]
        into = sum(row.quantity * weights[row.commodity] for row in weighed if row.role == "input")
        out = sum(row.quantity * weights[row.commodity] for row in weighed if row.role == "output")
        if out > into * (1 + _TOLERANCE):
            parts = {
                role: " + ".join(row.commodity for row in weighed if row.role == role)
                for role in ("input", "output")
            }
            source = f"{into:.12g} t of {parts['input']}" if parts["input"] else "no weighed input"
            words = (
                "should not make mass from nothing: in recipes one unit of activity makes"
                f" {out:.12g} t of {parts['output']} from {source} (mass_t_per_unit in commodities)"
            )
            yield Problem("processes", line, "process", process.process, words)
