"""The chain as a whole: whatever is wanted must be able to come from somewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from paxsilica.errors import Problem
from paxsilica.tables.read import Tables


def something_runs(tables: Tables) -> Iterable[Problem]:
    """Find worlds without any plant."""
    if not tables.assets and not tables.projects:
        yield Problem(
            "assets",
            "",
            "",
            "",
            "there should be a row in assets or in projects: no process can run",
        )


def everything_has_a_source(tables: Tables) -> Iterable[Problem]:
    """Find commodities that are demanded, or used by a process that plants run, and that nothing
    makes, sells or stores."""
    run = {asset.process for asset in tables.assets} | {
        project.process for project in tables.projects
    }
    makers: dict[str, list[str]] = defaultdict(list)
    users: dict[str, list[str]] = defaultdict(list)
    for recipe in tables.recipes:
        (makers if recipe.role == "output" else users)[recipe.commodity].append(recipe.process)
    demanded = {row.commodity for row in tables.demand if row.quantity > 0}
    stored = {row.commodity for row in tables.stocks if row.initial > 0}
    for line, commodity in tables.numbered("commodities", tables.commodities):
        name = commodity.commodity
        using = [process for process in users[name] if process in run]
        if (
            (name not in demanded and not using)
            or name in stored
            or any(process in run for process in makers[name])
        ):
            continue
        wanted = "demanded" if name in demanded else f"used by {using[0]!r}"
        if makers[name]:
            cause = (
                f"no asset or project runs {' or '.join(map(repr, makers[name]))}, which would"
                " make it"
            )
        else:
            cause = "no process has it as an output in recipes, and no stock holds any"
        yield Problem(
            "commodities",
            line,
            "commodity",
            name,
            f"can never be had, although it is {wanted}: {cause}",
        )
