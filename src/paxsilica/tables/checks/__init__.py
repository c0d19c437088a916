"""Checks across rows and tables: what the schema of a single cell cannot see.

Every check is a function from tables to problems, listed here with the tables that must have been read completely for its
findings to be true: a reference to a row that is only missing because its line could not be read is not one more mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from paxsilica.errors import Problem
from paxsilica.tables.checks import chain, funding, keys, magnitudes, places, projects, provenance, recipes, scenarios, series
from paxsilica.tables.read import Tables
from paxsilica.tables.schema import TABLES


@dataclass(frozen=True)
class Check:
    """A check and the tables that its findings rest on."""

    find: Callable[[Tables], Iterable[Problem]]
    needs: frozenset[str] = frozenset()


def _check(find: Callable[[Tables], Iterable[Problem]], *needs: str) -> Check:
    return Check(find, frozenset(needs))


REFERENCES = (keys.references, series.rows_and_columns, provenance.rows_and_columns)
"""Checks that look into many tables, and leave out the doubtful ones themselves."""

CHECKS = (
    _check(keys.duplicates),
    _check(keys.one_name_one_plant),
    _check(series.cell_or_series, "series"),
    _check(series.values_within_bounds),
    _check(places.hubs_host_nothing),
    _check(places.membership_is_complete, "membership"),
    _check(places.covered_commodities_have_a_stage, "stages"),
    _check(places.routes_lead_somewhere),
    _check(places.levels_of_stocks),
    _check(places.variants_of_demand, "demand"),
    _check(recipes.kinds_of_processes, "recipes"),
    _check(recipes.main_products, "recipes"),
    _check(recipes.mass_is_conserved, "recipes", "commodities", "processes"),
    _check(chain.something_runs, "assets", "projects"),
    _check(chain.everything_has_a_source, "recipes", "assets", "projects", "stocks", "processes"),
    _check(projects.sizes_and_profiles),
    _check(projects.years),
    _check(projects.prerequisites, "projects"),
    _check(projects.circles_of_prerequisites),
    _check(projects.exclusive_groups),
    _check(projects.generic_or_built_anyway),
    _check(projects.completion),
    _check(funding.funders_have_money, "series"),
    _check(funding.deals, "projects", "processes"),
    _check(scenarios.probabilities, "scenarios"),
    _check(scenarios.factors_of_events),
    _check(scenarios.limits),
    _check(magnitudes.sane),
    _check(provenance.ranges),
    _check(provenance.units, "commodities", "processes"),
    _check(provenance.formulas, *TABLES),
)


def check_tables(tables: Tables, doubtful: frozenset[str] = frozenset()) -> list[Problem]:
    """Return everything that is wrong between rows and tables.

    ``doubtful`` names the tables from which rows are missing because they could not be read; findings that rest on them are left out.
    """
    problems = [problem for find in REFERENCES for problem in find(tables, doubtful)]
    for check in CHECKS:
        if not check.needs & doubtful:
            problems += check.find(tables)
    return problems
