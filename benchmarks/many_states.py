"""Bundled data with any number of scenarios of their own operating states, for measurements."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from paxsilica.bundled import data_folder, find_case
from paxsilica.case import Case, read_case
from paxsilica.tables import TABLES, Tables, load_tables

FIRST_OFF = 2028
"""First year in which the scenarios cut regions off."""


def members(tables: Tables) -> Iterator[tuple[str, ...]]:
    """Sets of regions to cut off: each region, then each beside the adversaries, then pairs."""
    against = tuple(
        sorted({row.region for row in tables.events if row.scenario == tables.events[0].scenario})
    )
    made = {row.region for row in tables.assets}
    regions = sorted(row.region for row in tables.regions if row.region in made)
    yield from ((region,) for region in regions)
    yield from ((*against, region) for region in regions if region not in against)
    yield from itertools.combinations(regions, 2)


def with_scenarios(tables: Tables, case: Case, count: int) -> tuple[Tables, Case]:
    """Tables and case with a certain scenario of probability one half and ``count`` others, in
    each of which other regions are cut off from :data:`FIRST_OFF` on."""
    scenarios, events = [("undisturbed", 0.5 if count else 1.0)], []
    for number, regions in enumerate(itertools.islice(members(tables), count)):
        name = f"off-{number}"
        scenarios.append((name, 0.5 / count))
        events += [(name, region) for region in regions]
    made = replace(
        tables,
        scenarios=tuple(
            TABLES["scenarios"](scenario=name, name=name, probability=probability)
            for name, probability in scenarios
        ),
        events=tuple(
            TABLES["events"](
                scenario=name,
                event="cut-off",
                region=region,
                commodity="*",
                process="*",
                from_year=FIRST_OFF,
            )
            for name, region in events
        ),
        present=tables.present | {"scenarios", "events"},
    )
    return made, case.model_copy(update={"scenarios": dict(scenarios)})


def bundled(name: str, count: int, *settings: str) -> tuple[Tables, Case]:
    """A bundled case with some settings changed, on the bundled data with scenarios."""
    case = read_case(find_case(name), list(settings))
    return with_scenarios(load_tables(data_folder()), case, count)
