"""``export-model``: the written program has the optimum of the case, and nothing is overwritten."""

from __future__ import annotations

import os
from pathlib import Path

import highspy
import pytest
from typer.testing import CliRunner

from paxsilica.cli import app

CASE = Path(__file__).parents[1] / "cases" / "vietman"
GIVEN = [str(CASE / "case.toml"), "--data", str(CASE)]


def optimum(path: Path) -> float:
    solver = highspy.Highs()
    solver.silent()
    assert solver.readModel(str(path)) == highspy.HighsStatus.kOk
    solver.run()
    return float(solver.getInfo().objective_function_value)


@pytest.mark.parametrize("form", ["mps", "lp"])
def test_another_reader_finds_the_optimum_of_the_case(tmp_path: Path, form: str) -> None:
    import paxsilica

    path = tmp_path / f"model.{form}"
    words = ["export-model", *GIVEN, "--format", form, "--out", str(path)]
    assert CliRunner().invoke(app, words).exit_code == 0
    plan = paxsilica.load(CASE / "case.toml", CASE).solve()
    assert optimum(path) == pytest.approx(plan.objective, rel=1e-6)


def test_an_existing_file_is_replaced_only_on_request(tmp_path: Path) -> None:
    path = tmp_path / "model.mps"
    path.write_text("mine", encoding="utf-8")
    words = ["export-model", *GIVEN, "--out", str(path)]
    assert CliRunner().invoke(app, words).exit_code == 2
    assert path.read_text(encoding="utf-8") == "mine"
    assert CliRunner().invoke(app, [*words, "--force"]).exit_code == 0
    assert path.read_text(encoding="utf-8") != "mine"


def test_a_full_disk_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.mps"
    path.write_text("mine", encoding="utf-8")

    def half(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", half)
    result = CliRunner().invoke(app, ["export-model", *GIVEN, "--out", str(path), "--force"])
    assert result.exit_code == 2
    assert "No space left" in " ".join(result.output.split())
    assert [file.name for file in tmp_path.iterdir()] == ["model.mps"]
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(os.name != "posix", reason="sizes of files cannot be limited")
@pytest.mark.parametrize("form", ["mps", "lp"])
@pytest.mark.parametrize("largest", [0, 100, 900])
def test_a_disk_that_is_full_for_the_solver_leaves_the_file_as_it_was(
    tmp_path: Path, form: str, largest: int
) -> None:
    """The solver writes as much as it can, and reports no error."""
    import resource

    path = tmp_path / f"model.{form}"
    path.write_text("mine", encoding="utf-8")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    words = ["export-model", *GIVEN, "--format", form, "--out", str(path), "--force"]
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, limits[1]))
    try:
        result = CliRunner().invoke(app, words)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert result.exit_code == 2, result.output
    assert path.read_text(encoding="utf-8") == "mine"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
