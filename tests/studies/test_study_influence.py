"""Influence of numbers: derivatives of the optimum against small changes of the tables."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from smallworlds import chain_tables
from typer.testing import CliRunner

from paxsilica.api import Question
from paxsilica.cli import app
from paxsilica.errors import PaxSilicaError
from paxsilica.instance import make_instance
from paxsilica.model import build
from paxsilica.prices.duals import solve_duals
from paxsilica.solver import compile_model
from paxsilica.solver.derivatives import Traced
from paxsilica.studies import influence as module
from paxsilica.studies.influence import influence
from paxsilica.studies.parameters import scaled
from paxsilica.tables import Tables
from paxsilica.tables.layout import key_text
from worlds import COVERED, M, approx, case, make_tables, world

UNITS = {"m": "USD million", "m_per_unit": "USD million per t", "per_unit": "USD per t"}


def described(tables: Tables, low: float = 0.9, high: float = 1.2) -> Tables:
    """The tables with a range for each of their numbers."""
    cells = {(cell[0], cell[2]) for cell in module._traced(tables)[1]}
    patterns = {"demand": "*|*|*|*|*", "recipes": "*|*|*", "routes": "*|*|*", "stocks": "*|*"}
    rows = [
        {
            "table": table,
            "row": patterns.get(table, "*"),
            "column": column,
            "unit": UNITS.get(column.rpartition("_usd_")[2], "t"),
            "low": low,
            "high": high,
            "range": "relative",
            "sources": ("paper",),
            "grade": "B",
        }
        for table, column in sorted(cells)
    ]
    paper = {"source": "paper", "title": "Paper", "url": "https://example.org", "date": "2024-05"}
    described = make_tables(provenance=rows, sources=[paper])
    return Tables(
        **{
            name: getattr(tables, name) or getattr(described, name)
            for name in Tables.__dataclass_fields__
            if name not in ("present", "digest", "lines")
        },
        present=tables.present | described.present,
        digest="described",
    )


def optimum(tables: Tables, asked: Any) -> float:
    """Objective of the linear relaxation, USD million."""
    program = compile_model(build(make_instance(tables, asked)))
    return solve_duals(program.relaxed(), asked.solver, "the relaxation").objective


FINANCE = {"discount_rate": 0.07, "public_funds_cost": 1.3}
RICH = COVERED | {"required": 0.83, "hard": False}


def rich_tables() -> Tables:
    """A chain with a route, a store, a status, a funder, fixed costs and a limit; its optimum is
    not degenerate."""
    return world(
        {"mine": "-> ore + 0.1 slag", "smelt": "1.25 ore -> metal"},
        regions={"A": "signatory", "Z": "adversary"},
        commodities={
            "ore": {
                "covered": True,
                "shortage_price_usd_per_unit": 31.0 * M,
                "price_usd_per_unit": 31.0 * M,
            },
            "metal": {
                "covered": True,
                "shortage_price_usd_per_unit": 47.0 * M,
                "price_usd_per_unit": 83.0 * M,
            },
        },
        processes={"smelt": {"minimum_utilisation": 0.23}},
        assets={
            "z-mine": {
                "process": "mine",
                "region": "Z",
                "capacity": 5.3,
                "variable_cost_usd_per_unit": 0.53 * M,
            },
            "z-mine-dear": {
                "process": "mine",
                "region": "Z",
                "variable_cost_usd_per_unit": 3.1 * M,
            },
            "z-smelt": {"process": "smelt", "region": "Z", "variable_cost_usd_per_unit": 0.71 * M},
            "a-mine": {
                "process": "mine",
                "capacity": 1.1,
                "status": "worn",
                "must_run_share": 0.37,
                "fixed_cost_usd_m": 0.4,
                "variable_cost_usd_per_unit": 1.03 * M,
            },
        },
        projects={
            "a-mine-2": {
                "process": "mine",
                "status": "planned",
                "size": (1.0, 9.0),
                "capex_usd_m": 2.3,
                "capex_usd_m_per_unit": 3.7,
                "variable_cost_usd_per_unit": 0.97 * M,
                "fixed_cost_usd_m_per_unit": 0.11,
                "sponsor_share": 0.31,
                "sponsor_cost_of_capital": 0.113,
                "economic_life_years": 20,
            },
            "a-smelt": {
                "process": "smelt",
                "size": (1.0, 9.0),
                "capex_usd_m": 4.1,
                "capex_usd_m_per_unit": 5.9,
                "variable_cost_usd_per_unit": 1.51 * M,
                "economic_life_years": 15,
            },
        },
        demand={("A", "metal"): {2030: 3.1, 2034: 3.9}, ("Z", "metal"): {2030: 2.2, 2034: 2.3}},
        routes={"Z>A metal": 0.13 * M, "Z>A ore": 0.41 * M},
        stocks={
            ("A", "metal"): {
                "initial": 0.7,
                "largest": 1.3,
                "final": 0.6,
                "holding_cost_usd_per_unit": 0.017 * M,
            }
        },
        funders={"fund": {"envelope_usd_m": 1e5, "cost_of_capital": 0.041, "largest_share": 1.0}},
        statuses={"worn": 0.83, "planned": 0.71},
    )


@pytest.mark.slow
def test_influence_is_the_finite_difference_of_the_optimum() -> None:
    """Every number with a derivative, one at a time, each way."""
    tables = described(rich_tables())
    asked = case("2030-2032", coverage=RICH, finance=FINANCE)
    found = influence(Question(tables, asked), most=1000)
    assert found.objective == approx(optimum(tables, asked))
    by_cell = {(one.table, one.row, one.column): one for one in found.numbers}
    step = 1e-5
    checked = set()
    for table, row, column in module._traced(tables)[1]:
        value = float(
            getattr(next(one for one in tables.rows(table) if key_text(one) == row), column)
        )
        if not value:
            continue
        ends = [
            optimum(scaled(tables, table, row, column, 1 + way * step), asked)
            for way in (-1.0, 1.0)
        ]
        left = (found.objective - ends[0]) / (step * value)
        right = (ends[1] - found.objective) / (step * value)
        one = by_cell.get((table, row, column))
        slope = one.slope / M if one else 0.0
        noise = 1e-3 * max(1.0, abs(slope), abs(left), abs(right)) / min(1.0, abs(value))
        assert min(left, right) - noise <= slope <= max(left, right) + noise, (table, row, column)
        if one is not None:
            checked.add((table, column))
            assert one.influence == approx(abs(one.slope) * 0.3 * abs(value))
            assert (one.grade, one.year, one.sources) == ("B", 2024, ("paper",))
    assert {
        ("assets", "capacity"),
        ("assets", "variable_cost_usd_per_unit"),
        ("demand", "quantity"),
        ("projects", "capex_usd_m_per_unit"),
        ("projects", "sponsor_share"),
        ("recipes", "quantity"),
        ("routes", "cost_usd_per_unit"),
        ("statuses", "credit"),
        ("stocks", "initial"),
    } <= checked
    assert found.shares["B"] == approx(1.0)
    assert found.error < 1e-4


def test_the_most_influential_come_first_and_the_rest_still_count() -> None:
    tables = described(chain_tables())
    asked = case("2030-2031", coverage=COVERED | {"hard": False})
    every, few = (influence(Question(tables, asked), most=most) for most in (1000, 3))
    sizes = [one.influence for one in every.numbers]
    assert sizes == sorted(sizes, reverse=True)
    assert few.numbers == every.numbers[:3]
    assert few.counted == every.counted == len(every.numbers)
    assert few.shares == every.shares


def test_the_change_that_alters_the_plan_is_the_distance_to_an_idle_plant() -> None:
    """One unit of metal from a plant at 2, another at 5 idle: 3 more, or 3 less, and they swap."""
    tables = described(
        world(
            {"smelt": "-> metal"},
            assets={
                "cheap": {"process": "smelt", "variable_cost_usd_per_unit": 2.0 * M},
                "dear": {
                    "process": "smelt",
                    "variable_cost_usd_per_unit": 5.0 * M,
                    "capacity": 9.0,
                },
            },
            demand={("A", "metal"): 1.0},
            commodities={"metal": {"shortage_price_usd_per_unit": 40.0 * M}},
        )
    )
    found = influence(Question(tables, case("2030")))
    costs = {one.row: one for one in found.numbers if one.table == "assets"}
    assert costs["cheap"].slope == approx(1.0)
    assert costs["cheap"].influence == approx(0.3 * 2.0 * M)
    assert costs["cheap"].change is None
    assert "dear" not in costs
    limits = module._break_even(*_parts(tables, "dear"))
    assert limits == [(approx(-3.0 * M), "activity dear normal 2030")]


def _parts(tables: Tables, plant: str) -> tuple[Any, Any, list[int]]:
    traced, cells = module._traced(tables)
    model, program = module._built(Question(traced, case("2030")))
    duals = solve_duals(program.relaxed(), case("2030").solver, "the relaxation")
    at = cells.index(("assets", plant, "variable_cost_usd_per_unit"))
    return module.derivatives(model, program), duals, [at]


def test_derivatives_that_a_rebuilt_program_contradicts_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = module._lagrangian
    monkeypatch.setattr(module, "_lagrangian", lambda *parts: 1.1 * right(*parts))
    tables = described(chain_tables())
    with pytest.raises(PaxSilicaError, match="rebuilt program"):
        influence(Question(tables, case("2030", coverage=COVERED | {"hard": False})))


@pytest.mark.parametrize(
    ("made", "slopes"),
    [
        (lambda x, y: x - 2 * y, (1.0, -2.0)),
        (lambda x, y: 5 - x / y, (-1 / 2.0, 3 / 4.0)),
        (lambda x, y: 7 / x + abs(-y), (-7 / 9.0, 1.0)),
        (lambda x, y: x**-3 + y**2, (-3 / 81.0, 4.0)),
        (lambda x, y: sum([x, 1.0, y]) * +x, (8 - 2 + 3.0, 3.0)),
        (lambda x, y: max(x, y) - min(x, y), (1.0, -1.0)),
        (lambda x, y: x**y, (6.0, 9 * math.log(3))),
    ],
)
def test_traced_floats_differentiate(made: Any, slopes: tuple[float, float]) -> None:
    found = made(Traced(3.0, {0: 1.0}), Traced(2.0, {1: 1.0}))
    assert float(found) == approx(float(made(3.0, 2.0)))
    assert (found.slopes.get(0, 0.0), found.slopes.get(1, 0.0)) == approx(slopes)


def test_a_rounded_number_has_no_derivative() -> None:
    with pytest.raises(PaxSilicaError, match="rounded"):
        round(Traced(3.0, {}))


@pytest.mark.slow
def test_the_summary_of_a_plan_lists_influential_numbers(tmp_path: Path) -> None:
    from paxsilica.tables.write import write_folder

    tables = described(chain_tables())
    write_folder(tables, tmp_path / "data")
    (tmp_path / "case.toml").write_text(
        'years = "2030"\n'
        "[coverage]\nrequired = 1.0\nfrom_year = 2030\nhard = false\n"
        "[finance]\ndiscount_rate = 0.05\nprice_year = 2025\n"
    )
    data = ["--data", str(tmp_path / "data")]
    plan = str(tmp_path / "plan")

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "250"})
        assert result.exit_code == code, result.output
        return result.output

    run("solve", str(tmp_path / "case.toml"), *data, "--out", plan)
    text = run("data", "summary", *data, "--plan", plan, "--most", "4")
    assert "The 4 largest" in text
    assert "100.0% of all influence is on numbers of grade A or B" in " ".join(text.split())
    found = json.loads(run("data", "summary", *data, "--plan", plan, "--json"))
    assert found["influence"]["error"] < 1e-4
    first = found["influence"]["numbers"][0]
    assert first["influence"] > 0
    assert first["year"] == 2024
    assert found["grades"]["influence on the plan"]["B"] == approx(1.0)
    assert "other tables" in run("data", "summary", "--plan", plan, code=2)
