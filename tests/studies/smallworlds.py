"""Small worlds for studies, and their exact answers by trying every set of projects."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from paxsilica.api import Question
from paxsilica.solver import solve
from paxsilica.solver.resolve import write
from paxsilica.studies.tasks import with_decision
from paxsilica.tables.read import Tables
from worlds import COVERED, M, case, make_tables, world

SOFT: dict[str, Any] = {"required": {"2030": 0.6, "2032": 1.0}, "from_year": 2030, "hard": False}


def chain_tables(**more: Any) -> Tables:
    """Ore in A and B, metal in A, B and C; China (Z) makes both for less. Seven projects, some of
    which presuppose or exclude each other."""
    ore = {"process": "mine", "capex_usd_m": 20.0, "size": 4.0}
    metal = {"process": "smelt", "variable_cost_usd_per_unit": 1.5 * M}
    return world(
        {"mine": "-> ore", "smelt": "1.25 ore -> metal"},
        regions={
            "A": "signatory",
            "B": "signatory",
            "C": "participant",
            "Z": "adversary",
            "SEA": "hub",
        },
        commodities={
            "ore": {"covered": True, "shortage_price_usd_per_unit": 30 * M},
            "metal": {"covered": True, "shortage_price_usd_per_unit": 40 * M},
        },
        assets={
            "z-mine": {"process": "mine", "region": "Z", "variable_cost_usd_per_unit": 0.5 * M},
            "z-smelt": {"process": "smelt", "region": "Z", "variable_cost_usd_per_unit": 0.7 * M},
            "a-mine": {
                "process": "mine",
                "region": "A",
                "capacity": 1.0,
                "variable_cost_usd_per_unit": 1.0 * M,
            },
        },
        projects={
            "a-mine-2": ore | {"region": "A"},
            "b-mine": ore | {"region": "B", "capex_usd_m": 23.0, "size": 5.0},
            "c-mine": (
                ore
                | {
                    "region": "C",
                    "capex_usd_m": 11.0,
                    "size": 2.0,
                    "variable_cost_usd_per_unit": 2.0 * M,
                }
            ),
            "a-smelt": metal | {"region": "A", "capex_usd_m": 31.0, "size": 3.0},
            "b-smelt": (
                metal | {"region": "B", "capex_usd_m": 33.0, "size": 3.0, "exclusive_group": "b"}
            ),
            "b-smelt-big": (
                metal | {"region": "B", "capex_usd_m": 60.0, "size": 6.0, "exclusive_group": "b"}
            ),
            "c-smelt": (
                metal
                | {
                    "region": "C",
                    "capex_usd_m": 24.0,
                    "size": 2.0,
                    "prerequisites": ("c-mine",),
                }
            ),
        },
        demand={("A", "metal"): 3.0, ("B", "metal"): 2.0, ("Z", "metal"): 4.0},
        routes={
            f"{a}>{b} {k}": 0.1 * M if b == "SEA" else 0.0
            for k in ("ore", "metal")
            for r in "ABCZ"
            for a, b in ((r, "SEA"), ("SEA", r))
        },
        **more,
    )


def with_ranges(tables: Tables) -> Tables:
    """The same with provenance: capital and shortage prices within ranges, demand too."""
    source = {"source": "S", "title": "a source"}
    said = {"unit": "USD million", "sources": ("S",), "grade": "C"}
    rows = [
        {
            "table": "projects",
            "row": "*",
            "column": "capex_usd_m",
            "low": 0.8,
            "high": 1.5,
            "range": "relative",
        }
        | said,
        {
            "table": "projects",
            "row": "a-smelt",
            "column": "capex_usd_m",
            "low": 25.0,
            "high": 55.0,
            "range": "absolute",
        }
        | said,
        {
            "table": "demand",
            "row": "*|metal|*|*|*",
            "column": "quantity",
            "low": 0.7,
            "high": 1.3,
            "range": "relative",
        }
        | said
        | {"unit": "t"},
        {
            "table": "projects",
            "row": "*",
            "column": "lead_time_years",
            "low": 0,
            "high": 1,
            "range": "absolute",
        }
        | said
        | {"unit": "years"},
    ]
    more = make_tables(sources=[source], provenance=rows)
    return Tables(
        **{
            name: tables.rows(name) or more.rows(name)
            for name in type(tables).__dataclass_fields__
            if name not in ("present", "digest", "lines")
        },
        present=tables.present | more.present,
        digest="in memory",
    )


def question(
    years: str = "2030-2032",
    *,
    ranges: bool = False,
    coverage: dict[str, Any] | None = None,
    **keys: Any,
) -> Question:
    """The chain as a question."""
    tables = with_ranges(chain_tables()) if ranges else chain_tables()
    keys.setdefault("roles", {"protected": ["signatory", "participant"]})
    return Question(tables, case(years, coverage=coverage or SOFT, **keys))


COMPLETION = {("announced", "*"): {0: 0.5, 1: 0.3}, ("firm", "*"): {0: 0.9, 2: 0.1}}


def completion_chain(
    years: str = "2030-2032", required: Any = 0.6, odds: Any = COMPLETION
) -> Question:
    """Ore to metal in A, a project each, of 10. Metal of 10 is needed, with a unit of ore each."""
    tables = world(
        {"mine": "-> ore", "smelt": "ore -> metal"},
        regions={"A": "signatory", "Z": "adversary"},
        commodities={"ore": {"covered": True}, "metal": {"covered": True}},
        assets={
            "z-mine": {"process": "mine", "region": "Z"},
            "z-smelt": {"process": "smelt", "region": "Z"},
        },
        statuses={"announced": 0.9, "firm": 1.0},
        completion=odds,
        projects={
            "a-mine": {
                "process": "mine",
                "size": 10.0,
                "status": "announced",
                "capex_usd_m": 5.0,
                "ramp_profile": (0.8, 1.0),
            },
            "a-smelt": {"process": "smelt", "size": 10.0, "status": "firm", "capex_usd_m": 5.0},
        },
        demand={("A", "metal"): 10.0},
        routes={"Z>A ore": 0.1 * M, "Z>A metal": 0.1 * M},
    )
    return Question(
        tables, case(years, coverage=COVERED | {"required": required, "from_year": 2031})
    )


def embargo(**keys: Any) -> Question:
    """One chip a year from C; without it 10 of damage. The embargo comes in 2030 (0.3), in 2031
    (0.2) or not at all (0.5); a plant of one's own costs 7."""
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "C": "adversary"},
        commodities={"chip": {"shortage_price_usd_per_unit": 10 * M}},
        assets={"theirs": {"process": "make", "region": "C"}},
        projects={"ours": {"process": "make", "capex_usd_m": 7.0}},
        routes={"C>A chip": 0.0},
        demand={("A", "chip"): 1},
        scenarios={"base": 0.5, "early": 0.3, "late": 0.2},
        events=[
            {"scenario": "early", "event": "cut-off", "from_year": 2030},
            {"scenario": "late", "event": "cut-off", "from_year": 2031},
        ],
    )
    return Question(
        tables, case("2030-2031", scenarios=["base", "early", "late"]).model_copy(update=keys)
    )


@dataclass(frozen=True)
class Tried:
    """One set of projects, with the earliest commitment of each, and what it costs at best."""

    projects: frozenset[str]
    total: float
    shortfall: float
    budget: float


def every_plan(problem: Question) -> list[Tried]:
    """Every set of projects that the rules allow, each at its least cost: one linear program each,
    years left free.

    For worlds in which only one year offers itself for commitment the sets are all there is to
    decide.
    """
    of = write(problem.tables, problem.case)
    names = sorted(of.instance.candidates)
    found = []
    for taken in itertools.product((False, True), repeat=len(names)):
        chosen = {
            name: [of.instance.candidates[name].window[0], 1e9]
            for name, yes in zip(names, taken, strict=True)
            if yes
        }
        program, _ = with_decision(of, chosen)
        at = np.flatnonzero(program.integer)
        outcome = solve(
            program.fixed(at, np.where(np.isfinite(program.low[at]), program.low[at], 0.0)),
            problem.case.solver,
        )
        if outcome.values is not None and outcome.objective is not None:
            terms = of.term_values(outcome.values)
            found.append(
                Tried(
                    frozenset(chosen),
                    sum(terms.values()),
                    terms["coverage_shortfall"],
                    float(of.public_capital @ outcome.values),
                )
            )
    return found


HARD = COVERED
