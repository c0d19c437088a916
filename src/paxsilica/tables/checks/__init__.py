"""Checks across cells, rows and tables.

Every check is a function from tables to problems, listed here with the tables that must be read
completely: a reference to a row that could not be read is not a second problem.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from paxsilica.errors import Problem
from paxsilica.tables.checks import (
    candidates,
    cells,
    events,
    funders,
    keys,
    provenance_rows,
    reachability,
    recipes,
    regions,
    series,
)
from paxsilica.tables.read import Tables
from paxsilica.tables.schema import TABLES


@dataclass(frozen=True)
class Check:
    """A check and the tables that it needs completely."""

    find: Callable[[Tables], Iterable[Problem]]
    needs: frozenset[str] = frozenset()


def _check(find: Callable[[Tables], Iterable[Problem]], *needs: str) -> Check:
    return Check(find, frozenset(needs))


REFERENCES = (keys.references, series.rows_and_columns, provenance_rows.rows_and_columns)
"""Checks over many tables, which leave out the doubtful ones themselves."""

CHECKS = (
    _check(cells.rules),
    _check(cells.magnitudes),
    _check(keys.duplicates),
    _check(keys.one_name_one_plant),
    _check(series.cell_or_series, "series"),
    _check(series.values_within_bounds),
    _check(regions.hubs_host_nothing),
    _check(regions.membership_is_complete, "membership"),
    _check(regions.covered_commodities_have_a_stage, "stages"),
    _check(regions.variants_of_demand, "demand"),
    _check(regions.returns_of_what_is_demanded, "demand"),
    _check(recipes.kinds_of_processes, "recipes"),
    _check(recipes.main_products, "recipes"),
    _check(recipes.fixed_costs),
    _check(recipes.shared_capacities, "assets", "projects"),
    _check(recipes.mass_is_conserved, "recipes", "commodities", "processes"),
    _check(reachability.something_runs, "assets", "projects"),
    _check(
        reachability.everything_has_a_source, "recipes", "assets", "projects", "stocks", "processes"
    ),
    _check(candidates.prerequisites, "projects"),
    _check(candidates.circles_of_prerequisites),
    _check(candidates.exclusive_groups),
    _check(candidates.completion),
    _check(funders.funders_have_money, "series"),
    _check(funders.deals, "projects", "processes"),
    _check(events.probabilities, "scenarios"),
    _check(provenance_rows.ranges),
    _check(provenance_rows.units, "commodities", "processes"),
    _check(provenance_rows.formulas, *TABLES),
)


def check_tables(tables: Tables, doubtful: frozenset[str] = frozenset()) -> list[Problem]:
    """Return all problems between cells, rows and tables.

    ``doubtful`` names the tables that lack rows because these could not be read; checks that need
    them are left out.
    """
    problems = [problem for find in REFERENCES for problem in find(tables, doubtful)]
    for check in CHECKS:
        if not check.needs & doubtful:
            problems += check.find(tables)
    return problems
