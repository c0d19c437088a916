"""A user reads the Pyomo model, adds to it, solves it and writes it to a file."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import highspy
import pyomo.environ as pyo
import pytest
from test_duals import rich

from paxsilica.api import Question
from paxsilica.audit import audit
from paxsilica.case import Solver
from paxsilica.errors import InputError
from paxsilica.model import COSTS
from paxsilica.prices.report import price_table
from paxsilica.prices.request import PriceRequest
from paxsilica.solver import compile_model, solve, write_model
from paxsilica.solver.persistent import PersistentProgram
from paxsilica.solver.resolve import write
from paxsilica.studies.conflict import conflicts
from worlds import approx, case, world

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "own-constraint.md"


def question(**keys: Any) -> Question:
    built, asked = rich()
    return Question(built.instance.tables, asked.model_copy(update=keys))


@pytest.mark.slow
def test_the_page_on_own_constraints_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    printed = ""
    blocks = re.findall(
        r"^```(python|text)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S
    )
    assert [kind for kind, _ in blocks].count("text") == 3
    for kind, text in blocks:
        if kind == "text":
            assert printed == text
            continue
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(text, names)
        printed = out.getvalue()
    assert (tmp_path / "base.mps").stat().st_size > 0


def test_the_model_has_named_sets_parameters_and_cost_terms() -> None:
    instance = rich()[0].instance
    model = question().model()
    assert list(model.projects) == list(instance.candidates)
    assert list(model.years) == [2030, 2031, 2032]
    assert set(model.states) == set(instance.states)
    assert set(model.plants) == set(instance.world.plants)
    assert set(model.commodities) == {"ore", "metal", "magnet"}
    assert set(model.regions) == {"A", "B", "C"}
    assert list(model.funders) == ["f", "g"]
    assert pyo.value(model.discount[2032]) == approx(1.05**-2)
    assert pyo.value(model.budget) == 70.0
    assert dict(model.need.extract_values()) == approx(dict(instance.need))
    assert list(model.cost_terms) == list(COSTS)


def test_the_objective_is_the_sum_of_the_named_cost_terms() -> None:
    model = question().model()
    for at, var in enumerate(model.component_data_objects(pyo.Var)):
        var.set_value(float(at % 7), skip_validation=True)
    terms = {name: pyo.value(term) for name, term in model.cost_terms.items()}
    assert len({round(value, 6) for value in terms.values()}) > 5
    assert pyo.value(model.goal) == approx(sum(terms.values()))


def test_the_solver_gets_what_the_objective_says() -> None:
    # coefficients are handed over as one list; the named sum must give the same
    model = question().model()
    program = compile_model(model)
    for at, var in enumerate(model.component_data_objects(pyo.Var)):
        var.set_value(float(at % 7), skip_validation=True)
    values = [0.0] * len(program.cost)
    for var in model.component_data_objects(pyo.Var):
        if id(var) in program.column_of:
            values[program.column_of[id(var)]] = var.value
    assert float(program.cost @ values) + program.offset == approx(pyo.value(model.goal))


@pytest.mark.parametrize(
    ("objective", "hard", "expected"),
    [("budget", True, "public_money")],
)
def test_other_objectives_are_named_expressions_too(
    objective: str, hard: bool, expected: str
) -> None:
    base = question()
    assert base.case.coverage is not None
    coverage = base.case.coverage.model_copy(update={"hard": hard})
    model = question(objective=objective, coverage=coverage).model()
    assert model.goal.expr is model.find_component(expected)


def lump() -> Question:
    """Two projects of 5 for 10 and 12 USD million; demand of 4 must be served."""
    tables = world(
        {"smelt": "-> metal"},
        projects={
            "one": {"process": "smelt", "size": 5.0, "capex_usd_m": 10.0},
            "two": {"process": "smelt", "size": 5.0, "capex_usd_m": 12.0},
        },
        demand={("A", "metal"): 4},
    )
    return Question(tables, case())


def test_a_row_of_the_user_holds_has_a_price_and_is_reported_as_not_recomputed() -> None:
    asked = lump()
    model = asked.model()
    # without the row project one is committed; half of it is worth 2 less than half of project two
    model.avoid = pyo.Constraint([1], rule=lambda m, _: 2 * m.committed["one", 2030] <= 1)
    seen: list[str] = []
    plan = asked.solve(on_step=seen.append, model=model)
    assert "search" in seen
    assert "join tables and case" not in seen
    assert plan.objective == approx(12)
    assert list(plan.tables["portfolio"]["project"]) == ["two"]
    assert plan.manifest["user_rows"] == {"user:avoid": 1}
    request = PriceRequest(kinds=("relaxed",))
    table = price_table(plan, asked.tables, asked.case, request, model=model).table
    own = table[table["what"] == "user:avoid"].iloc[0]
    # relaxed: 4/5 of a project is needed, at most half of it project one; a unit more of the row
    # is half a project moved from 12 to 10
    assert (own["where"], own["value"]) == ("1", approx(1.0))
    findings = audit(plan, asked.tables, asked.case)
    assert [(one.what, one.where) for one in findings] == [("constraint of the user", "user:avoid")]


def test_a_variable_of_the_user_is_part_of_the_program() -> None:
    asked = lump()
    model = asked.model()
    model.spare = pyo.Var(bounds=(0, 1))
    model.balance = pyo.Constraint(expr=model.committed["one", 2030] + model.spare >= 1.5)
    model.goal.expr += 4 * model.spare
    # two would cost 12 without spare: 1.5 is out of reach; one costs 10 and half a unit of spare
    assert asked.solve(model=model).objective == approx(12)
    assert ("user:spare", None) in compile_model(model).columns


def test_a_model_that_is_not_linear_is_refused() -> None:
    asked = lump()
    model = asked.model()
    model.square = pyo.Constraint(expr=model.committed["one", 2030] ** 2 <= 1)
    with pytest.raises(InputError, match="linear"):
        asked.solve(model=model)


def test_a_model_of_another_question_is_refused() -> None:
    asked = lump()
    for other in (lump().model(), asked.with_(years="2031").model(), pyo.ConcreteModel()):
        with pytest.raises(InputError, match="same question"):
            asked.solve(model=other)


def test_without_rows_of_the_user_the_model_gives_the_same_plan() -> None:
    asked = question()
    again = asked.solve(model=asked.model())
    plan = asked.solve()
    assert again.objective == plan.objective
    assert again.manifest == plan.manifest
    for name, table in plan.tables.items():
        assert table.equals(again.tables[name]), name


@pytest.mark.parametrize("format", ["mps", "lp"])
def test_a_written_model_has_the_same_optimum_when_read(format: Any, tmp_path: Path) -> None:
    asked = question()
    path = tmp_path / "program.txt"  # the name need not tell the format
    write_model(asked, path, format)
    named = tmp_path / f"program.{format}"
    path.rename(named)
    reader = highspy.Highs()
    reader.silent()
    assert reader.readModel(str(named)) == highspy.HighsStatus.kOk
    program = compile_model(asked.model())
    assert (reader.getNumCol(), reader.getNumRow()) == program.matrix.shape[::-1]
    assert "committed.small.2030" in named.read_text(encoding="utf-8")
    assert "programme_budget.programme" in named.read_text(encoding="utf-8")
    reader.setOptionValue("mip_rel_gap", 0.0)
    reader.run()
    assert reader.getObjectiveValue() == approx(solve(program, asked.case.solver).objective)


def test_a_file_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="should be a file that can be written"):
        write_model(lump(), tmp_path / "missing" / "model.mps")


def test_programs_with_different_numbers_of_threads_are_solved_after_each_other() -> None:
    program = compile_model(question().model()).relaxed()
    found = [
        PersistentProgram(program, Solver(gap=0.0, threads=threads)).run().objective
        for threads in (2, 1, 2)
    ]
    assert found[0] is not None
    assert found == approx([found[0]] * 3)


def test_a_conflict_names_the_constraint_of_the_user() -> None:
    asked = lump()
    model = asked.model()
    model.idle = pyo.Constraint(expr=sum(model.committed.values()) <= 0)
    assert asked.solve(model=model).status == "infeasible"
    extended = replace(write(asked.tables, asked.case), program=compile_model(model))
    found = conflicts(extended, asked.case.solver)
    assert [set(one.requirements) for one in found] == [
        {"the constraint idle of the user", "all demand for metal served"}
    ]
