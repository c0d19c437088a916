"""Runs the solves of a study on all cores or on a cluster, shows progress, and keeps finished
results, so that a stopped study can continue.

Processes come from ``concurrent.futures``. A Dask client offers the same interface
(``Client.get_executor``), so one loop serves both. Processes are spawned, not forked: a solver that
has started threads does not survive a fork. A script therefore needs ``if __name__ ==
"__main__":``; notebooks and the command line do not. The loky backend of joblib was tried instead:
its processes outlive a study that is killed, and it leaks semaphores on Ctrl-C.
"""

from __future__ import annotations

import hashlib
import json
import logging
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import sys
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypedDict

from tqdm import tqdm

from paxsilica.atomic import new_file
from paxsilica.case import Case
from paxsilica.errors import InputError, PaxSilicaError, Problem
from paxsilica.solver.decomposition_workers import Resources
from paxsilica.tables import TABLES, Tables
from paxsilica.version import __version__

Result = dict[str, Any]
"""Result of a task: plain data that JSON can hold."""

Work = Callable[[Tables, Case, Mapping[str, Any]], Result]

LOGGER = logging.getLogger(__name__)

WORKERS_MAY_DIE = 3
"""How often processes may be lost (out of memory, for example) before a study gives up."""


class RunOptions(TypedDict, total=False):
    """Where the solves of a study run; the arguments of :class:`Runner`."""

    workers: int | None
    store: Path | str | None
    cluster: str | None
    progress: bool | None


@dataclass(frozen=True)
class Packed:
    """Tables on their way to another process, and a name for their content."""

    data: bytes = field(repr=False)
    digest: str

    @classmethod
    def of(cls, tables: Tables) -> Packed:
        """Packs tables. The digest is of the rows: tables may have changed since they were read."""
        total = hashlib.sha256()
        for table in TABLES:
            total.update(f"\n[{table}]\n".encode())
            for line in sorted(
                row.model_dump_json(exclude_none=True) for row in tables.rows(table)
            ):
                total.update(line.encode() + b"\n")
        return cls(zlib.compress(pickle.dumps(tables), 1), total.hexdigest())


@dataclass(frozen=True)
class Task:
    """A function of a module, to be called with tables, case and plain arguments."""

    work: Work
    tables: Packed
    case: Case
    arguments: Mapping[str, Any]

    @cached_property
    def digest(self) -> str:
        """Name of the result, from the work and its content (not the names of the case)."""
        words = {"name", "title", "question", "see_also", "partners"}
        return hashlib.sha256(
            json.dumps(
                [
                    __version__,
                    version("highspy"),
                    f"{self.work.__module__}.{self.work.__qualname__}",
                    self.tables.digest,
                    self.case.model_dump(mode="json", exclude=words),
                    self.arguments,
                ],
                sort_keys=True,
            ).encode()
        ).hexdigest()[:32]


def with_solver(case: Case, **options: Any) -> Case:
    """The case with other options of the solver."""
    return case.model_copy(update={"solver": case.solver.model_copy(update=options)})


def task(work: Work, tables: Packed, case: Case, **arguments: Any) -> Task:
    """A task whose solves use one thread: a result must not depend on the machine."""
    return Task(work, tables, with_solver(case, threads=1), arguments)


_unpacked: dict[str, Tables] = {}


def _unpack(packed: Packed) -> Tables:
    """The tables, unpacked once in each process; the last two are kept."""
    found = _unpacked.get(packed.digest)
    if found is None:
        found = pickle.loads(zlib.decompress(packed.data))
        while len(_unpacked) > 1:
            _unpacked.pop(next(iter(_unpacked)))
        _unpacked[packed.digest] = found
    return found


def perform(job: Task) -> Result:
    """Does the work of a task in this process."""
    return job.work(_unpack(job.tables), job.case, job.arguments)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin_worker() -> None:
    """Leaves Ctrl-C to the parent process, and ends this process when the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if "fork" in multiprocessing.get_all_start_methods():
        # a lock that a library makes here (Pyomo does) then has no name; one with a name causes a
        # warning when a worker is killed
        multiprocessing.set_start_method("fork", force=True)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


class Store:
    """Finished results in a folder, one file each; a file is complete or absent.

    A file names its task and holds a digest of both. A file that does not fit is not believed: the
    task is carried out again.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.kept: dict[str, Result] = {}
        if folder is not None:
            if folder.exists() and not folder.is_dir():
                words = "is a file; name a folder"
                raise InputError([Problem("store", "", "", str(folder), words)])
            folder.mkdir(parents=True, exist_ok=True)

    def get(self, digest: str) -> Result | None:
        """The result, if it is finished. A file that cannot be read, or is not as it was written,
        counts as absent."""
        if digest not in self.kept and self.folder is not None:
            with suppress(OSError, ValueError):
                found = json.loads((self.folder / f"{digest}.json").read_text(encoding="utf-8"))
                if isinstance(found, dict) and found == _sealed(digest, found.get("result")):
                    self.kept[digest] = found["result"]
        return self.kept.get(digest)

    def put(self, digest: str, result: Result) -> None:
        """Keeps a result."""
        self.kept[digest] = result
        if self.folder is not None:
            with new_file(self.folder / f"{digest}.json") as draft:
                draft.write_text(json.dumps(_sealed(digest, result)), encoding="utf-8")


def _sealed(task: str, result: Any) -> dict[str, Any]:
    """The content of the file of a result: the name of its task, and the digest of both."""
    content = json.dumps([task, result], sort_keys=True)
    return {"task": task, "sha256": hashlib.sha256(content.encode()).hexdigest(), "result": result}


class Runner(ExitStack):
    """Runs tasks. Use it in a ``with`` statement; workers start with the first task that is not
    kept already.

    Args:
        workers: processes; by default one per core; 1 does the work in this process.
        store: folder in which finished results are kept; by default they are kept in memory.
        cluster: address of a Dask scheduler, such as ``tcp://10.0.0.5:8786``, whose workers need
            this package; ``workers`` then has no effect.
        progress: whether to show progress on the standard error; by default on a terminal and in a
            notebook.

    Attributes:
        stopped: whether Ctrl-C was pressed; results that are absent are then ``None``, also in
            later runs.
    """

    def __init__(
        self,
        workers: int | None = None,
        store: Path | str | None = None,
        cluster: str | None = None,
        progress: bool | None = None,
    ) -> None:
        super().__init__()
        if workers is not None and workers < 1:
            raise InputError([Problem("workers", "", "", str(workers), "should be at least 1")])
        self.workers = workers or cores()
        self.store = Store(None if store is None else Path(store))
        self.cluster = cluster
        self.stopped = False
        live = sys.stderr.isatty() or "ipykernel" in sys.modules
        self._progress = live if progress is None else progress
        self._bars: dict[str, tqdm[Any]] = {}
        self._expected: set[str] = set()
        self._executor: Executor | None = None
        self._before: set[Any] = set()
        self._lost = 0

    def __exit__(self, *error: Any) -> None:
        """Ends workers and progress."""
        self._close(at_once=error[0] is not None)
        super().__exit__(*error)

    def _bar(self, what: str) -> tqdm[Any]:
        if what not in self._bars:
            bar = tqdm(desc=what, total=0, unit="solve", disable=not self._progress)
            self._bars[what] = self.enter_context(bar)
        return self._bars[what]

    def expect(self, what: str, total: int) -> None:
        """Sets how many tasks of a name there are in all, for the progress."""
        self._expected.add(what)
        self._bar(what).reset(total)

    def advance(self, what: str, steps: int = 1) -> None:
        """Counts steps that were settled without a task."""
        self._bar(what).update(steps)

    def run(self, tasks: Sequence[Task], what: str = "solves") -> list[Result | None]:
        """Results of the tasks, in their order; ``None`` only if the study was stopped before."""
        if what not in self._expected:
            self._bar(what).total += len(tasks)
        todo: dict[str, Task] = {}
        for job in tasks:
            if self.store.get(job.digest) is None:
                todo.setdefault(job.digest, job)
        self.advance(what, sum(job.digest not in todo for job in tasks))
        if todo and not self.stopped:
            here = self.workers == 1 and self.cluster is None
            results = self._here(todo) if here else self._elsewhere(todo)
            try:
                for digest, result in results:
                    self.store.put(digest, result)
                    self.advance(what, sum(job.digest == digest for job in tasks))
            except KeyboardInterrupt:
                self.stopped = True
                self._close(at_once=True)
        return [self.store.get(job.digest) for job in tasks]

    def _here(self, todo: Mapping[str, Task]) -> Iterator[tuple[str, Result]]:
        for digest, job in todo.items():
            yield digest, perform(job)

    def _elsewhere(self, todo: Mapping[str, Task]) -> Iterator[tuple[str, Result]]:
        left = dict(todo)
        while left:
            executor = self._start()
            try:
                futures: dict[Future[Result], str] = {
                    executor.submit(perform, job): digest for digest, job in left.items()
                }
                pending = set(futures)
                while pending:
                    # a short wait, so that Ctrl-C works on every system
                    done, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
                    for future in done:
                        result = future.result()
                        del left[futures[future]]
                        yield futures[future], result
            except BrokenProcessPool:
                self._close(at_once=True)
                self._lost += 1
                LOGGER.warning("a worker process was lost; its tasks run again")
                if self._lost > WORKERS_MAY_DIE:
                    raise PaxSilicaError(
                        "worker processes died again and again: out of memory (use fewer with"
                        ' `workers`), or a script without `if __name__ == "__main__":`'
                    ) from None

    def _start(self) -> Executor:
        if self._executor is None:
            if self.cluster is not None:
                client = self.enter_context(_dask(self.cluster))
                self._executor = client.get_executor(pure=False, retries=WORKERS_MAY_DIE)
            else:
                self._before = set(multiprocessing.active_children())
                self._executor = ProcessPoolExecutor(
                    self.workers, multiprocessing.get_context("spawn"), _begin_worker
                )
        return self._executor

    def _close(self, *, at_once: bool) -> None:
        if self._executor is None:
            return
        executor, self._executor = self._executor, None
        children = set(multiprocessing.active_children()) - self._before
        if isinstance(executor, ProcessPoolExecutor):
            executor.shutdown(wait=not at_once, cancel_futures=True)
            for child in children if at_once else ():
                child.kill()
        else:
            executor.shutdown(wait=not at_once)  # without waiting, a cluster cancels its tasks


@contextmanager
def decomposition_resources(cluster: str | None, store: Path | None) -> Iterator[Resources]:
    """What the decomposition of one search uses: a Dask cluster by its address, and a folder in
    which its cuts are kept."""
    kept = None if store is None else Store(store)
    with nullcontext() if cluster is None else _dask(cluster) as client:
        yield Resources(client, kept)


def _dask(address: str) -> Any:
    """A client of the Dask scheduler at ``address``."""
    try:
        from dask.distributed import Client
    except ImportError:
        raise InputError(
            "a Dask cluster needs the package `distributed`: pip install 'paxsilica[cluster]'"
        ) from None
    try:
        return Client(address, timeout="30s", set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        words = f"should be the address of a running Dask scheduler ({error})"
        raise InputError([Problem("cluster", "", "", address, words)]) from None
