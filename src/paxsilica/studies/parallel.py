"""Where many solves are run: on all cores or on a cluster, with progress, kept as they finish, so
that a study can stop and go on.

Processes come from the standard library's ``concurrent.futures``: a Dask client offers the very
same interface (``Client.get_executor``), so that one loop serves both, and nothing needs to be
installed to use all cores. Processes are spawned, not forked: a solver that has started threads
does not survive a fork. Like any Python program that spawns processes, a script needs ``if __name__
== "__main__":``; notebooks and the command line do not.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from paxsilica import __version__
from paxsilica.case import Case
from paxsilica.errors import InputError, PaxSilicaError, Problem
from paxsilica.studies.progress import Bars
from paxsilica.tables import TABLES, Tables

Result = dict[str, Any]
"""What a task gives: plain data that JSON can hold, so that it can be kept, sent and read."""

Work = Callable[[Tables, Case, Mapping[str, Any]], Result]

WORKERS_MAY_DIE = 3
"""How often processes may be lost (to a lack of memory, say) before a study gives up."""


@dataclass(frozen=True)
class Packed:
    """Tables on their way to another process, and a name for their content."""

    data: bytes = field(repr=False)
    digest: str

    @classmethod
    def of(cls, tables: Tables) -> Packed:
        """Packs tables. The digest is of the rows themselves: tables may have been changed since
        they were read."""
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
    """One piece of work: a function of a module, called with tables, case and plain arguments.

    The number of threads is set to one: cores are used by tasks, and a result must not hang on
    where it was found.
    """

    work: Work
    tables: Packed
    case: Case
    arguments: Mapping[str, Any]

    @cached_property
    def digest(self) -> str:
        """Name of the result: the same for the same work on the same content, whatever the case is
        called."""
        words = {"name", "title", "question"}
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


def task(work: Work, tables: Packed, case: Case, **arguments: Any) -> Task:
    """A task with the threads of its solves set to one."""
    solver = case.solver.model_copy(update={"threads": 1})
    return Task(work, tables, case.model_copy(update={"solver": solver}), arguments)


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
    """Does the work of a task, here."""
    return job.work(_unpack(job.tables), job.case, job.arguments)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin_worker() -> None:
    """Ctrl-C is for the process that shows progress, which tells the others; should that process be
    killed, the others end as well."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if "fork" in multiprocessing.get_all_start_methods():
        # A lock that a library makes here (Pyomo does) has no name then; one with a name is
        # complained about when a worker is killed.
        multiprocessing.set_start_method("fork", force=True)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


class Store:
    """Finished results in a folder, one file each; a file is there in full or not at all."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.kept: dict[str, Result] = {}
        if folder is not None:
            if folder.exists() and not folder.is_dir():
                raise InputError(
                    [Problem("store", "", "", str(folder), "is a file; name a folder")]
                )
            folder.mkdir(parents=True, exist_ok=True)

    def get(self, digest: str) -> Result | None:
        """The result, if it was finished before. A file that cannot be read counts as none and is
        written anew."""
        if digest not in self.kept and self.folder is not None:
            with suppress(OSError, ValueError):
                self.kept[digest] = json.loads(
                    (self.folder / f"{digest}.json").read_text(encoding="utf-8")
                )
        return self.kept.get(digest)

    def put(self, digest: str, result: Result) -> None:
        """Keeps a result."""
        self.kept[digest] = result
        if self.folder is not None:
            draft = self.folder / f"{digest}.{os.getpid()}.part"
            draft.write_text(json.dumps(result), encoding="utf-8")
            draft.replace(self.folder / f"{digest}.json")


class Runner:
    """Runs tasks. Use it in a ``with`` statement; workers start with the first task that is not
    kept already.

    Args:
        workers: processes; by default one per core; 1 does the work in this process.
        store: folder in which finished results are kept; without one they are kept in memory alone.
        cluster: address of a Dask scheduler, such as ``tcp://10.0.0.5:8786``; ``workers`` then
            means nothing. Its workers need this package.
        progress: whether to show progress on the standard error; by default on a terminal and in a
            notebook.

    Attributes:
        stopped: whether Ctrl-C was pressed; results that are not there yet are then ``None``, here
            and in later runs.
    """

    def __init__(
        self,
        workers: int | None = None,
        store: Path | str | None = None,
        cluster: str | None = None,
        progress: bool | None = None,
    ) -> None:
        if workers is not None and workers < 1:
            raise InputError([Problem("workers", "", "", str(workers), "should be at least 1")])
        self.workers = workers or cores()
        self.store = Store(None if store is None else Path(store))
        self.cluster = cluster
        self.stopped = False
        self._bars = Bars(progress)
        self._foretold: set[str] = set()
        self._open = ExitStack()
        self._executor: Executor | None = None
        self._before: set[Any] = set()
        self._lost = 0

    def __enter__(self) -> Self:
        """Begins to show progress."""
        self._open.enter_context(self._bars)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends workers and progress."""
        self._close(at_once=kind is not None)
        self._open.close()

    def expect(self, what: str, total: int) -> None:
        """Says how many tasks of a name are to come in all, so that progress can be told."""
        self._foretold.add(what)
        self._bars.expect(what, total)

    def advance(self, what: str, steps: int = 1) -> None:
        """Counts steps that were settled without a task."""
        self._bars.advance(what, steps)

    def run(self, tasks: Sequence[Task], what: str = "solves") -> list[Result | None]:
        """Results of the tasks, in their order; ``None`` only if the study was stopped before one
        was there."""
        if what not in self._foretold:
            self._bars.expect(what, self._bars.total.get(what, 0) + len(tasks))
        todo: dict[str, Task] = {}
        for job in tasks:
            if self.store.get(job.digest) is None:
                todo.setdefault(job.digest, job)
        self.advance(what, sum(job.digest not in todo for job in tasks))
        if todo and not self.stopped:
            try:
                for digest, result in (
                    self._here(todo)
                    if self.workers == 1 and self.cluster is None
                    else self._elsewhere(todo)
                ):
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
                    # a short wait, so that Ctrl-C is heard on every system
                    done, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
                    for future in done:
                        result = future.result()
                        del left[futures[future]]
                        yield futures[future], result
            except BrokenProcessPool:
                self._close(at_once=True)
                self._lost += 1
                if self._lost > WORKERS_MAY_DIE:
                    raise PaxSilicaError(
                        "worker processes died again and again: out of memory (use fewer with"
                        ' `workers`), or a script without `if __name__ == "__main__":`'
                    ) from None

    def _start(self) -> Executor:
        if self._executor is None:
            if self.cluster is not None:
                self._executor = self._open.enter_context(_dask(self.cluster)).get_executor(
                    pure=False, retries=WORKERS_MAY_DIE
                )
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
        mine = (
            []
            if self.cluster is not None
            else [child for child in multiprocessing.active_children() if child not in self._before]
        )
        if isinstance(executor, ProcessPoolExecutor):
            executor.shutdown(wait=not at_once, cancel_futures=True)
            for child in mine if at_once else ():
                child.kill()
        else:
            executor.shutdown(
                wait=not at_once
            )  # of a cluster's: without waiting, what still runs is cancelled


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
        raise InputError(
            [
                Problem(
                    "cluster",
                    "",
                    "",
                    address,
                    f"should be the address of a running Dask scheduler ({error})",
                )
            ]
        ) from None
