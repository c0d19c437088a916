"""A plan that fails its audit is never reported as optimal, whatever command writes it; folders of
other plans are refused at once; kept results of studies are checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from random_worlds import random_world
from typer.testing import CliRunner, Result

from paxsilica.api import Question
from paxsilica.audit import audit, audited
from paxsilica.case import Case
from paxsilica.cli import app
from paxsilica.plan import solve as plan_solve
from paxsilica.plan.result import Plan
from paxsilica.studies.parallel import Store
from report_world import named, tables

CASES = Path(__file__).parents[1] / "cases"
GIVEN = [str(CASES / "vietman" / "case.toml"), "--data", str(CASES / "vietman")]
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, list(map(str, words)))


def asked() -> Case:
    return Case.model_validate(dict(named().plan.manifest["case"]))


def test_a_sound_plan_passes_and_the_time_is_kept() -> None:
    plan = audited(named().plan, tables(), asked())
    assert (plan.status, plan.audit.status, plan.audit.count) == ("optimal", "passed", 0)
    assert plan.seconds["audit"] > 0


def test_a_plan_without_audit_is_saved_as_unverified(tmp_path: Path) -> None:
    """The interface for Python audits every plan; a plan that comes past it says so."""
    bare = plan_solve.make_plan(tables(), asked())
    bare.save(tmp_path / "bare")
    found = Plan.load(tmp_path / "bare")
    assert (found.status, found.audit.status) == ("unverified", "not run")
    assert [note for note in found.notes if "without an audit" in note]
    found.save(tmp_path / "again")
    assert Plan.load(tmp_path / "again").notes == found.notes
    plan = Question(tables(), asked()).solve()
    assert (plan.status, plan.audit.status) == ("optimal", "passed")
    plan.save(tmp_path / "plan")
    assert Plan.load(tmp_path / "plan").status == "optimal"


def test_a_plan_that_failed_fails_again() -> None:
    lie = replace(named().plan, objective=(named().plan.objective or 0) * 1.1)
    once = audited(lie, tables(), asked())
    twice = audited(once, tables(), asked())
    assert once.status == twice.status == "unverified"
    assert twice.audit.count >= 1


@pytest.mark.parametrize("command", ["solve", "prices"])
def test_a_wrong_plan_is_written_as_unverified(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    true_plan = plan_solve.make_plan

    def wrong(*given: Any, **more: Any) -> Plan:
        plan = true_plan(*given, **more)
        operation = plan.table("operation")
        return replace(plan, tables={**plan.tables, "operation": operation.assign(activity=1e6)})

    monkeypatch.setattr(plan_solve, "make_plan", wrong)
    found = run(command, *GIVEN, "--out", "x")
    assert found.exit_code == 5, found.output
    assert "The plan failed its audit" in found.stderr
    shown = [line for line in found.stderr.splitlines() if line.startswith("- ")]
    assert 0 < len(shown) <= 12
    result = json.loads(Path("x/result.json").read_text())
    findings = json.loads(Path("x/audit.json").read_text())["findings"]
    assert result["status"] == "unverified"
    assert result["audit"] == {"status": "failed", "findings": len(findings)}
    assert {"what", "where", "claimed", "recomputed", "unit"} == set(findings[0])
    assert Plan.load(Path("x")).status == "unverified"


def test_a_right_plan_says_that_it_passed(run: Run) -> None:
    assert run("solve", *GIVEN, "--out", "x").exit_code == 0
    result = json.loads(Path("x/result.json").read_text())
    assert result["audit"] == {"status": "passed", "findings": 0}
    assert not Path("x/audit.json").exists()
    assert run("report", "x", *GIVEN[1:]).exit_code == 0


@pytest.mark.parametrize("seed", range(4))
def test_edits_of_any_size_of_world_are_found(seed: int) -> None:
    given, case = random_world(seed).read()
    plan = plan_solve.make_plan(given, case)
    assert not audit(plan, given, case)
    if plan.objective is None:
        return
    for factor in (1.1, 0.5, -1.0):
        lie = replace(plan, objective=plan.objective * factor, bound=None)
        assert audited(lie, given, case).status == "unverified" or not plan.objective


@pytest.mark.parametrize("command", ["solve", "prices"])
def test_the_folder_of_another_plan_is_refused_before_the_tables_are_read(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    assert run("solve", *GIVEN, "--out", "x").exit_code == 0

    def reached(*_: Any) -> None:
        raise AssertionError("the tables were read first")

    monkeypatch.setattr("paxsilica.tables.load_tables", reached)
    found = run(command, *GIVEN, "--set", "solver.gap=0.07", "--out", "x")
    assert found.exit_code == 2, found.output
    assert "contains another plan" in found.stderr
    Path("file").write_text("")
    assert "is a file" in run(command, *GIVEN, "--out", "file").stderr


CONTENTS = ["{}", "[]", "null", "3", "", "{", '{"result": {}}', '{"task": "x", "result": {}}']


@pytest.mark.parametrize("content", CONTENTS)
def test_a_kept_result_that_was_replaced_is_not_believed(tmp_path: Path, content: str) -> None:
    Store(tmp_path).put("one", {"objective": 3.0})
    (tmp_path / "one.json").write_text(content)
    assert Store(tmp_path).get("one") is None


@pytest.mark.parametrize(
    "result", [{"objective": 3.0, "decision": {"a": [2027, 1.0]}}, {}, {"x": None, "y": [1.5]}]
)
def test_every_edit_of_a_kept_result_is_found(tmp_path: Path, result: dict[str, Any]) -> None:
    Store(tmp_path).put("one", result)
    assert Store(tmp_path).get("one") == result
    path = tmp_path / "one.json"
    whole = path.read_text()
    for at in range(len(whole)):
        changed = "7" if whole[at] != "7" else "8"
        path.write_text(whole[:at] + changed + whole[at + 1 :])
        assert Store(tmp_path).get("one") in (None, result)
        if whole[at].isdigit():
            assert Store(tmp_path).get("one") is None
    path.rename(tmp_path / "two.json")
    (tmp_path / "two.json").write_text(whole)
    assert Store(tmp_path).get("two") is None
