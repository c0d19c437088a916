"""Finished results are kept, in every process and after every failure."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from smallworlds import chain_tables, question

from paxsilica.api import Question
from paxsilica.case import Case
from paxsilica.errors import InputError, PaxSilicaError
from paxsilica.studies.frontier import frontier
from paxsilica.studies.montecarlo import montecarlo
from paxsilica.studies.parallel import Packed, Runner, task
from paxsilica.studies.tasks import solve_case
from paxsilica.tables.read import Tables

CALLS: list[float] = []


def counted(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Work that counts how often it is done, and raises Ctrl-C on request."""
    if arguments["number"] == arguments.get("stop_at"):
        raise KeyboardInterrupt
    CALLS.append(arguments["number"])
    return {"number": arguments["number"], "projects": len(tables.projects)}


def die(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Work that kills its process, the first time or always."""
    mark = Path(arguments["mark"])
    if arguments["always"] or not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"alive": True}


@pytest.fixture
def problem() -> Question:
    CALLS.clear()
    return question("2030")


def jobs(problem: Question, count: int, **more: Any) -> list[Any]:
    packed = Packed.of(problem.tables)
    return [task(counted, packed, problem.case, number=number, **more) for number in range(count)]


def test_results_come_in_order_and_once_each(problem: Question) -> None:
    with Runner(1) as runner:
        found = runner.run([*jobs(problem, 3), jobs(problem, 1)[0]])
    assert [one["number"] for one in found if one] == [0, 1, 2, 0]
    assert CALLS == [0, 1, 2]


def test_what_is_kept_is_not_done_again(problem: Question, tmp_path: Path) -> None:
    with Runner(1, tmp_path) as runner:
        runner.run(jobs(problem, 3))
    with Runner(1, tmp_path) as runner:
        found = runner.run(jobs(problem, 5))
    assert CALLS == [0, 1, 2, 3, 4]
    assert [one["number"] for one in found if one] == [0, 1, 2, 3, 4]
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json"] * 5


def test_ctrl_c_keeps_what_is_done_and_the_next_run_goes_on(
    problem: Question, tmp_path: Path
) -> None:
    with Runner(1, tmp_path) as runner:
        packed = Packed.of(problem.tables)
        mixed = [task(counted, packed, problem.case, number=number) for number in range(2)]
        mixed += [task(counted, packed, problem.case, number=2, stop_at=2)]
        mixed += [task(counted, packed, problem.case, number=3)]
        found = runner.run(mixed)
        assert runner.stopped
        assert runner.run(jobs(problem, 6)) == [*found[:2], None, None, None, None]
    assert [one and one["number"] for one in found] == [0, 1, None, None]
    with Runner(1, tmp_path) as runner:
        assert None not in runner.run(jobs(problem, 4))
    assert CALLS == [0, 1, 2, 3]


def test_a_result_that_cannot_be_read_is_computed_again(problem: Question, tmp_path: Path) -> None:
    (job,) = jobs(problem, 1)
    (tmp_path / f"{job.digest}.json").write_text('{"number": ')
    with Runner(1, tmp_path) as runner:
        assert runner.run([job])[0] == {"number": 0, "projects": 7}
    kept = json.loads((tmp_path / f"{job.digest}.json").read_text())
    assert kept["result"] == {"number": 0, "projects": 7}


def test_the_name_of_a_result_depends_on_content_alone(problem: Question) -> None:
    (job,) = jobs(problem, 1)
    other = Question(
        chain_tables(), problem.case.model_copy(update={"name": "another", "title": "name"})
    )
    assert jobs(other, 1)[0].digest == job.digest
    threads = problem.case.model_copy(
        update={"solver": problem.case.solver.model_copy(update={"threads": 7})}
    )
    assert jobs(Question(problem.tables, threads), 1)[0].digest == job.digest
    assert jobs(problem.with_(budget=1.0), 1)[0].digest != job.digest
    changed = Tables(
        **{name: getattr(problem.tables, name) for name in Tables.__dataclass_fields__}
        | {"projects": problem.tables.projects[1:]}
    )
    assert (
        jobs(Question(changed, problem.case), 1)[0].digest != job.digest
    )  # although its digest was not renewed


@pytest.mark.slow
def test_processes_give_what_this_process_gives(problem: Question, tmp_path: Path) -> None:
    packed = Packed.of(problem.tables)
    cases = [problem.with_(budget=float(budget)).case for budget in (0, 30, 60)]
    with Runner(2) as runner:
        apart = runner.run([task(solve_case, packed, case) for case in cases])
    with Runner(1) as runner:
        here = runner.run([task(solve_case, packed, case) for case in cases])

    def same(found: list[Any]) -> list[Any]:
        return [{key: value for key, value in one.items() if key != "seconds"} for one in found]

    assert same(apart) == same(here)


@pytest.mark.slow
def test_a_process_that_dies_is_replaced(problem: Question, tmp_path: Path) -> None:
    packed = Packed.of(problem.tables)
    with Runner(2) as runner:
        found = runner.run(
            [
                task(die, packed, problem.case, mark=str(tmp_path / "mark"), always=False),
                *jobs(problem, 2),
            ]
        )
    assert found[0] == {"alive": True}
    assert None not in found


@pytest.mark.slow
def test_processes_that_always_die_end_the_study(
    problem: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paxsilica.studies.parallel.WORKERS_MAY_DIE", 0)
    packed = Packed.of(problem.tables)
    with Runner(2) as runner, pytest.raises(PaxSilicaError, match="again and again"):
        runner.run([task(die, packed, problem.case, mark=str(tmp_path / "mark"), always=True)])


def test_a_failure_of_work_is_not_hidden(problem: Question) -> None:
    packed = Packed.of(problem.tables)
    with Runner(1) as runner, pytest.raises(KeyError):
        runner.run([task(counted, packed, problem.case)])


@pytest.mark.parametrize("options", [{"workers": 0}, {"store": __file__}])
def test_invalid_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Runner(**options)


SCRIPT = """
import sys
sys.path[:0] = {paths!r}
from smallworlds import question
from paxsilica.studies.montecarlo import montecarlo

if __name__ == "__main__":
    found = montecarlo(question("2030-2034", ranges=True), 400, workers=2, store=sys.argv[1])
    print("stopped" if found.stopped else "done", len(found.table("samples")))
"""


@pytest.mark.slow
def test_ctrl_c_ends_a_study_at_once_and_it_goes_on(tmp_path: Path) -> None:
    here = Path(__file__).parent
    script = tmp_path / "study.py"
    script.write_text(SCRIPT.format(paths=[*sys.path, str(here), str(here.parent)]))
    store = tmp_path / "kept"
    with subprocess.Popen(
        [sys.executable, str(script), str(store)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as study:
        deadline = time.monotonic() + 120
        while (
            len(list(store.glob("*.json")) if store.exists() else []) < 8
            and time.monotonic() < deadline
        ):
            time.sleep(0.05)
        os.killpg(study.pid, signal.SIGINT)
        out, err = study.communicate(timeout=60)
    assert out.startswith("stopped"), err
    assert "leaked" not in err
    kept = len(list(store.glob("*.json")))
    assert 8 <= kept < 402
    more = montecarlo(question("2030-2034", ranges=True), 12, workers=1, store=store)
    assert not more.stopped
    assert len(more.table("samples")) == 12


@pytest.mark.slow
def test_workers_end_with_the_study_that_is_killed(tmp_path: Path) -> None:
    here = Path(__file__).parent
    script = tmp_path / "study.py"
    script.write_text(SCRIPT.format(paths=[*sys.path, str(here), str(here.parent)]))
    store = tmp_path / "kept"
    with subprocess.Popen(
        [sys.executable, str(script), str(store)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as study:
        deadline = time.monotonic() + 120
        while (
            len(list(store.glob("*.json")) if store.exists() else []) < 4
            and time.monotonic() < deadline
        ):
            time.sleep(0.05)
        study.kill()
        study.communicate(timeout=30)  # ends when no process has the pipes open


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_loses_a_worker_loses_nothing(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    problem = question("2030-2031", ranges=True)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        pids = [worker.pid for worker in cluster.workers.values()]

        def kill_one() -> None:
            deadline = time.monotonic() + 120
            while len(list(tmp_path.glob("*.json"))) < 4 and time.monotonic() < deadline:
                time.sleep(0.02)
            os.kill(pids[0], signal.SIGKILL)

        killer = threading.Thread(target=kill_one)
        killer.start()
        there = montecarlo(
            problem, 48, store=tmp_path, cluster=cluster.scheduler_address, progress=False
        )
        killer.join()
        points = frontier(
            problem, along={"budget": 5}, cluster=cluster.scheduler_address, progress=False
        )
    here = montecarlo(problem, 48, workers=1)
    assert not there.stopped
    for name in ("samples", "projects", "distribution"):
        assert there.table(name).equals(here.table(name)), name
    assert points.table().equals(frontier(problem, along={"budget": 5}, workers=1).table())


def test_an_address_without_a_scheduler() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(InputError, match="address"):
        montecarlo(question("2030", ranges=True), 1, cluster="nowhere-at-all")
