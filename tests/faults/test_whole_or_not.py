"""Output is whole or absent, nothing earlier is lost, and the same command continues after any end
of a run before it."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from killed_moves import Killed, killed_after

from paxsilica.atomic import PREFIX, READY, finish, new_file, new_folder, reserved
from paxsilica.plan.result import RESULT, Plan
from paxsilica.report import files
from paxsilica.report.files import place_for, write_plan
from report_world import named
from worlds import some

COMMAND = [sys.executable, "-c", "from paxsilica.cli import main; main()"]
CASE = Path(__file__).parents[1] / "cases" / "vietman"
SOLVE = [*COMMAND, "solve", str(CASE / "case.toml"), "--data", str(CASE), "-q"]


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def no_leftovers(folder: Path) -> bool:
    return not [path for path in folder.rglob(f"{PREFIX}*") if not path.name.endswith(".lock")]


def write_half(path: Path, error: BaseException) -> None:
    with new_file(path) as draft:
        draft.write_text("half")
        raise error


def test_a_file_is_whole_or_as_before(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("before")
    for error in (OSError(errno.ENOSPC, "No space left on device"), Killed(), ValueError()):
        with pytest.raises(type(error)) as caught:
            write_half(path, error)
        assert path.read_text() == "before"
        assert os.listdir(tmp_path) == ["page.html"]
        if isinstance(caught.value, OSError):
            assert caught.value.filename == str(path)


def test_temporary_names(tmp_path: Path) -> None:
    with new_file(tmp_path / "x.csv") as draft:
        assert draft == tmp_path / f"{PREFIX}x.csv-{os.getpid()}"
        draft.write_text("new")
    with new_folder(tmp_path / "plan", "mark") as folder:
        assert folder == tmp_path / f"{PREFIX}plan-{os.getpid()}"
        (folder / "mark").write_text("")
    assert sorted(os.listdir(tmp_path)) == ["plan", "x.csv"]


NEW = ("a", "b", "tables", "mark")


def fill(folder: Path, word: str) -> None:
    for name in NEW:
        if name == "tables":
            (folder / name).mkdir()
            (folder / name / "t.csv").write_text(word)
        else:
            (folder / name).write_text(word)


@pytest.mark.parametrize("moves", range(len(NEW) * 2 + 2))
def test_a_replacement_that_was_cut_short_is_finished(tmp_path: Path, moves: int) -> None:
    """Killed before any one of its steps, a folder is as before or becomes the new one."""
    place = tmp_path / "plan"
    with new_folder(place, "mark") as draft:
        fill(draft, "old")
    (place / "mine.txt").write_text("kept")
    with killed_after(moves) as (patch, limited):
        patch.setattr("paxsilica.atomic.shutil.rmtree", limited(lambda *_, **__: None))
        try:
            with new_folder(place, "mark") as draft:
                fill(draft, "new")
        except (Killed, OSError):
            pass
    words = {(place / "mark").read_text()} if (place / "mark").exists() else set()
    started = any(place.glob(f"{READY}*"))
    finish(place, "mark")
    found = {(place / name).read_text() for name in ("a", "b", "mark", "tables/t.csv")}
    assert len(found) == 1, "old and new content are mixed"
    assert words <= {"old", "new"}
    assert found == ({"new"} if started or words == {"new"} else {"old"})
    assert (place / "mine.txt").read_text() == "kept"


def test_leftovers_of_ended_processes_are_removed_and_others_stay(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    old, live = (tmp_path / f"{PREFIX}x.csv-{number}" for number in (ended.pid, os.getppid()))
    other = tmp_path / f"{PREFIX}y.csv-{ended.pid}"
    for path in (old, live, other):
        path.write_text("half")
    with new_file(tmp_path / "x.csv") as draft:
        draft.write_text("whole")
    assert sorted(os.listdir(tmp_path)) == sorted([live.name, other.name, "x.csv"])


@pytest.mark.parametrize(
    "at", ["portfolio.csv", "operation.csv", "result.json", "plan.xlsx", "log.csv", "seconds.csv"]
)
def test_a_full_disk_at_any_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """The error names the file; nothing partial is left; an earlier plan is as it was."""
    plan = named().plan
    before = content(write_plan(plan, tmp_path / "before"))
    kinds = {"write_bytes", "write_text", "open"}
    originals = {name: getattr(Path, name) for name in kinds}

    def failing(name: str) -> Any:
        def write(self: Path, *words: Any, **more: Any) -> Any:
            if self.name == at and (name != "open" or "w" in str(words[:1])):
                raise OSError(errno.ENOSPC, "No space left on device")
            return originals[name](self, *words, **more)

        return write

    def full_book(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        for name in kinds:
            patch.setattr(Path, name, failing(name))
        if at == "plan.xlsx":
            patch.setattr(files, "write_workbook", full_book)
        for place in ("new", "before"):
            with pytest.raises(OSError, match="No space left") as caught:
                write_plan(plan, tmp_path / place)
            assert Path(caught.value.filename).name == at
            assert str(caught.value.filename).startswith(str(tmp_path / place))
    assert os.listdir(tmp_path) == ["before"]
    assert content(tmp_path / "before") == before
    assert Plan.load(write_plan(plan, tmp_path / "new")).objective == pytest.approx(plan.objective)


def test_a_reserved_place_is_not_given_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with place_for(None, "case", {"budget": 1}) as first:
        with (
            place_for(None, "case", {"budget": 2}) as second,
            place_for(None, "case", {"budget": 2}) as third,
        ):
            names = [path.name for path in (first, second, third)]
            assert names == ["case", "case-2", "case-3"]
        with (
            pytest.raises(Exception, match="another run"),
            place_for(Path("plans/case"), "case", {"budget": 1}),
        ):
            pass
    assert not Path("plans").exists()


def test_a_plan_that_came_in_between_is_kept_with_the_new_one(tmp_path: Path) -> None:
    plan = named().plan
    other = replace(plan, manifest={**plan.manifest, "data_digest": "other"})
    with place_for(tmp_path / "case", "case", plan.manifest) as folder:
        other.save(folder)  # by a script, which reserves nothing
        assert write_plan(plan, folder) == tmp_path / "case-2"
    assert Plan.load(tmp_path / "case").manifest["data_digest"] == "other"


def test_a_reservation_ends_with_its_process(tmp_path: Path) -> None:
    words = (
        "import sys, time; from pathlib import Path; from paxsilica.atomic import reserved\n"
        "with reserved(Path(sys.argv[1])) as free:\n    print(free, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", words, str(tmp_path / "case")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout as stream:
        assert stream.readline() == "True\n"
        with reserved(tmp_path / "case") as free:
            assert not free
        process.kill()
        process.wait()
    with reserved(tmp_path / "case") as free:
        assert free
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_solves_at_once_lose_no_plan(tmp_path: Path) -> None:
    runs = [
        subprocess.Popen(
            [*SOLVE, "--set", f"solver.gap={gap}"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for gap in (0.001, 0.002, 0.003)
    ]
    said = [run.communicate(timeout=240)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], said
    folders = sorted(path.name for path in (tmp_path / "plans").iterdir())
    assert folders == ["case", "case-2", "case-3"], said
    gaps = {
        Plan.load(tmp_path / "plans" / name).manifest["case"]["solver"]["gap"] for name in folders
    }
    assert gaps == {0.001, 0.002, 0.003}


def killed_runs(tmp_path: Path, times: int, seed: int) -> None:
    """Ends real solves at random moments; each leaves a whole plan or none, and the next run
    continues."""
    started = time.monotonic()
    assert subprocess.run([*SOLVE, "--out", "whole"], cwd=tmp_path, check=False).returncode == 0
    whole = time.monotonic() - started
    expected = content(tmp_path / "whole")
    chance = random.Random(seed)
    for turn in range(times):
        how = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[turn % 3]
        # most moments in the second half: there is the writing
        wait = whole * chance.triangular(0.2, 1.1, 0.9)
        run = subprocess.Popen(
            [*SOLVE, "--out", "plan"],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(wait)
        run.send_signal(how)
        run.wait(60)
        if (tmp_path / "plan").exists():
            kept = Plan.load(tmp_path / "plan")
            assert kept.objective is not None
            # a search that was interrupted keeps its best plan, and says that it is not proved
            assert kept.objective >= 64.92646 * (1 - 1e-6)
            assert kept.bound is not None
            assert kept.bound <= 64.92646 * (1 + 1e-6)
            if kept.status == "optimal":
                assert kept.objective == pytest.approx(64.92646)
    assert subprocess.run([*SOLVE, "--out", "plan"], cwd=tmp_path, check=False).returncode == 0
    found = content(tmp_path / "plan")
    for name in ("log.csv", "seconds.csv"):
        del found[name], expected[name]
    assert found == expected
    left = [path.name for path in tmp_path.rglob(f"{PREFIX}*")]
    assert not left


@pytest.mark.slow
def test_three_killed_solves(tmp_path: Path) -> None:
    """One by each signal."""
    killed_runs(tmp_path, 3, seed=1)


@pytest.mark.slow
def test_twenty_killed_solves(tmp_path: Path) -> None:
    killed_runs(tmp_path, 20, seed=2)


KILLED = Path(__file__).with_name("killed_runs.py")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["solve", "study", "export", "page", "model", "workbook"])
def test_runs_ended_at_thirteen_moments(tmp_path: Path, kind: str) -> None:
    """By KILL, TERM, INT and a full disk, 78 moments in all: nothing partial is presented, nothing
    earlier is lost, and the same command continues."""
    found = subprocess.run(
        [sys.executable, str(KILLED), str(tmp_path), kind, "13", "3"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    ways = json.loads(found.stdout)
    assert sum(ways.values()) == 13
    assert ways[str(-signal.SIGKILL)] >= 1


SIGNALLED = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
from paxsilica.cli import main
from paxsilica.plan import solve
build = solve.build
def signalled(instance):
    os.kill(os.getpid(), int(os.environ["SIGNAL"]))
    time.sleep(60)  # the signal ends it
    return build(instance)
solve.build = signalled
sys.argv[0] = "paxsilica"
main()
"""
"""A program that gets a signal while it writes the model."""


@pytest.mark.parametrize("how", some([signal.SIGTERM, signal.SIGINT], 1))
def test_term_ends_a_solve_like_interrupt(tmp_path: Path, how: signal.Signals) -> None:
    words = ["solve", *SOLVE[len(COMMAND) + 1 :], "--out", "x"]
    done = subprocess.run(
        [sys.executable, "-c", SIGNALLED, *words],
        cwd=tmp_path,
        env=os.environ | {"SIGNAL": str(int(how))},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 130, done.stderr
    assert "Stopped; no plan was written." in done.stderr
    assert not (tmp_path / "x").exists()


def test_an_unfinished_folder_of_an_older_run_is_written_again(tmp_path: Path) -> None:
    plan = named().plan
    write_plan(plan, tmp_path / "x")
    (tmp_path / "x" / RESULT).unlink()
    (tmp_path / "x" / f"{PREFIX}draft-999999999").mkdir()
    write_plan(plan, tmp_path / "x")
    assert no_leftovers(tmp_path)
    assert json.loads((tmp_path / "x" / RESULT).read_text())["case"] == plan.case


def test_lock_names_are_hidden(tmp_path: Path) -> None:
    with reserved(tmp_path / "case"):
        assert [re.fullmatch(r"\.paxsilica-case\.lock", name) for name in os.listdir(tmp_path)]
