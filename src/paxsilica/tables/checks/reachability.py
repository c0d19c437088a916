"""Sources of commodities: everything that is used or demanded can be made, bought or drawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from paxsilica.errors import Problem
from paxsilica.tables.read import Tables


def something_runs(tables: Tables) -> Iterable[Problem]:
    """Find data without any plant."""
    if not tables.assets and not tables.projects:
        words = "there should be a row in assets or in projects: no process can run"
        yield Problem("assets", "", "", "", words)


def everything_has_a_source(tables: Tables) -> Iterable[Problem]:
    """Find commodities that are demanded or used by a plant, and that no plant makes and no stock
    holds."""
    run = {row.process for row in tables.assets} | {row.process for row in tables.projects}
    makers: dict[str, list[str]] = defaultdict(list)
    users: dict[str, list[str]] = defaultdict(list)
    for recipe in tables.recipes:
        (makers if recipe.role == "output" else users)[recipe.commodity].append(recipe.process)
    demanded = {row.commodity for row in tables.demand if row.quantity > 0}
    stored = {row.commodity for row in tables.stocks if row.initial > 0}
    for line, commodity in tables.numbered("commodities", tables.commodities):
        name = commodity.commodity
        using = [process for process in users[name] if process in run]
        if name in stored or run.intersection(makers[name]) or not (using or name in demanded):
            continue
        wanted = "demanded" if name in demanded else f"used by {using[0]!r}"
        processes = " or ".join(map(repr, makers[name]))
        cause = (
            f"no asset or project runs {processes}, which would make it"
            if processes
            else "no process has it as an output in recipes, and no stock holds any"
        )
        words = f"has no source, although it is {wanted}: {cause}"
        yield Problem("commodities", line, "commodity", name, words)
