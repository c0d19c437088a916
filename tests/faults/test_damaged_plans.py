"""A plan that was changed or damaged after it was written is refused with the file and the
reason."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from paxsilica.cli import app
from paxsilica.errors import InputError
from paxsilica.plan.result import RESULT, Plan, digest_of
from paxsilica.plan.result_schema import RESULT_SCHEMA, schema_differences
from paxsilica.plan.tables import PLAN_TABLES
from report_world import bare, named
from worlds import some

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "result.schema.json"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("plans") / "plan"
    named().plan.save(place)
    return place


@pytest.fixture
def plan(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "plan"))


def not_loaded(plan: Path, *words: str) -> None:
    with pytest.raises(InputError) as caught:
        Plan.load(plan)
    for word in words:
        assert word in str(caught.value)


def refused(plan: Path, *words: str) -> None:
    """By the function that every command loads a plan with, and by a command."""
    not_loaded(plan, *words)
    found = CliRunner().invoke(app, ["export", str(plan), "--format", "csv"])
    assert found.exit_code == 2, found.output
    assert not (plan / "csv").exists()


def edit(plan: Path, change: Callable[[dict[str, Any]], Any], sealed: bool = False) -> None:
    """Edits ``result.json``; ``sealed``: with a digest that fits."""
    result = json.loads((plan / RESULT).read_text())
    change(result)
    if sealed:
        result["digest"] = digest_of(result)
    (plan / RESULT).write_text(json.dumps(result))


def test_a_plan_is_read_back_whole(plan: Path) -> None:
    assert Plan.load(plan).objective == pytest.approx(named().plan.objective)


@pytest.mark.parametrize("name", some(PLAN_TABLES, 5))
def test_every_table_is_checked(plan: Path, name: str) -> None:
    path = plan / "tables" / f"{name}.csv"
    lines = path.read_text().splitlines(keepends=True)
    kept = path.read_bytes()
    if len(lines) > 1:
        path.write_text("".join(lines[: (len(lines) + 1) // 2]))
        refused(plan, f"{name}.csv", f"in the place of {len(lines) - 1}")
        path.write_text("".join(lines[:-1] + lines[-1:] * 2))
        not_loaded(plan, f"{name}.csv", "rows in the place of")
    for at in range(0, len(kept), max(1, len(kept) // 5)):
        changed = bytearray(kept)
        changed[at] = ord("7") if changed[at] != ord("7") else ord("8")
        path.write_bytes(changed)
        not_loaded(plan, f"{name}.csv")
    path.write_bytes(kept)
    assert Plan.load(plan)
    path.unlink()
    refused(plan, f"{name}.csv", "cannot be read")


@pytest.mark.parametrize("key", sorted(RESULT_SCHEMA["properties"]))
def test_every_key_of_the_result_is_checked(plan: Path, key: str) -> None:
    other: dict[type, Any] = {
        str: "other",
        float: 0.5,
        int: 77,
        list: ["other"],
        dict: {"other": 1},
        type(None): 3.5,
    }
    kept = (plan / RESULT).read_text()
    value = json.loads(kept)[key]
    edit(plan, lambda result: result.update({key: other[type(value)]}))
    refused(plan, RESULT)
    (plan / RESULT).write_text(kept)
    edit(plan, lambda result: result.pop(key))
    refused(plan, RESULT, key)
    (plan / RESULT).write_text(kept)
    edit(plan, lambda result: result.update({key: [1, {}]}), sealed=key != "digest")
    refused(plan, RESULT, key)


@pytest.mark.parametrize("factor", [1.1, 0.5, 0.0, -1.0, 1 + 1e-9])
@pytest.mark.parametrize("key", ["objective", "bound", "gap", "capital_decided_usd_m"])
def test_an_edited_number_is_found(plan: Path, key: str, factor: float) -> None:
    value = json.loads((plan / RESULT).read_text())[key]
    if not value:
        edit(plan, lambda result: result.update({key: factor or 0.25}))
    else:
        edit(plan, lambda result: result.update({key: value * factor}))
    refused(plan, RESULT, "changed since it was written")


@pytest.mark.parametrize(
    "name", ["../dropped", "..", "/etc/passwd", "dropped/../../x", "", "Portfolio", "x" * 300]
)
def test_unknown_names_of_tables(plan: Path, name: str) -> None:
    entry = {"rows": 0, "sha256": "0" * 64}
    edit(plan, lambda result: result["tables"].update({name: entry}), sealed=True)
    refused(plan, RESULT, "is no table of a plan in this version")


def test_every_table_is_needed(plan: Path) -> None:
    edit(plan, lambda result: result["tables"].pop("costs"), sealed=True)
    refused(plan, RESULT, "tables.costs")


def test_results_of_other_versions(plan: Path) -> None:
    for version in (None, 0, 1, 3, "2", True):
        edit(plan, lambda result, to=version: result.update(schema_version=to), sealed=True)
        refused(plan, RESULT, "schema_version")


def test_a_sealed_lie_fails_the_audit(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests that fit do not help: with the tables at hand the numbers are recomputed."""
    from paxsilica.report.views import named_plan

    lie = replace(named().plan, objective=(named().plan.objective or 0) / 2)
    shutil.rmtree(plan)
    lie.save(plan)
    assert Plan.load(plan).status == "optimal"
    monkeypatch.setattr(named_plan, "load_tables", lambda _: named().tables)
    for words in (("export", str(plan), "--format", "json"), ("report", str(plan))):
        found = CliRunner().invoke(app, [*words, "--data", "anywhere"])
        assert found.exit_code == 5, found.output
        assert "The plan failed its audit" in found.stderr
    written = json.loads((plan / "plan.json").read_text())["plan"]
    assert written["status"] == "unverified"
    assert written["audit"]["status"] == "failed"
    assert "do not rely on its numbers" in (plan / "report.html").read_text()


def published() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return found


def test_every_written_plan_follows_the_published_schema(tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = published()
    jsonschema.Draft202012Validator.check_schema(schema)
    plans = [named().plan, bare().plan, replace(named().plan, status="feasible", bound=None)]
    plans.append(replace(named().plan, status="infeasible", objective=None, bound=None, tables={}))
    for at, plan in enumerate(plans):
        plan.save(tmp_path / str(at))
        result = json.loads((tmp_path / str(at) / RESULT).read_text())
        jsonschema.validate(result, schema)
        assert not list(schema_differences(result, RESULT_SCHEMA))
        assert Plan.load(tmp_path / str(at)).status == plan.status


def test_own_check_agrees_with_the_schema(whole: Path) -> None:
    """The check of the program refuses what a validator of JSON Schema refuses."""
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(published())
    result = json.loads((whole / RESULT).read_text())
    values: list[Any] = [None, True, 3, -1, 0.5, "x", [], ["x"], [1], {}, {"a": 1}]
    for key in [*result, "other"]:
        for value in values:
            changed = {**result, key: value}
            ours = not list(schema_differences(changed, RESULT_SCHEMA))
            assert ours == validator.is_valid(changed), (key, value)


def test_rows_and_digests_are_those_of_the_files(whole: Path) -> None:
    result = json.loads((whole / RESULT).read_text())
    for name, entry in result["tables"].items():
        frame = pd.read_csv(whole / "tables" / f"{name}.csv")
        assert len(frame) == entry["rows"], name
    assert {path.stem for path in (whole / "tables").iterdir()} == set(result["tables"])
