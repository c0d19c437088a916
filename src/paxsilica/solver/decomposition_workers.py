"""Where the subproblems of a decomposition run, and where its cuts are kept."""

from __future__ import annotations

import hashlib
import logging
import math
import pickle
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

import numpy as np

from paxsilica.solver.decomposition_master import Cut
from paxsilica.solver.decomposition_parts import Reaction, Subproblem
from paxsilica.solver.program import Array, Compiled
from paxsilica.version import __version__

LOGGER = logging.getLogger(__name__)

PARTS_PER_WORKER = 2
"""Parts into which the subproblems are split for each worker of a cluster."""

WORKERS_MAY_DIE = 3
"""How often a part may lose its worker before the search gives up."""


class KeyedStore(Protocol):
    """Keeps plain data by name, such as :class:`paxsilica.studies.parallel.Store`."""

    def get(self, digest: str, /) -> dict[str, Any] | None:
        """What is kept under a name."""

    def put(self, digest: str, result: dict[str, Any], /) -> None:
        """Keeps something."""


@dataclass(frozen=True)
class Resources:
    """What a decomposition may use.

    Attributes:
        client: of a Dask cluster on whose workers the subproblems run; absent: this process.
        store: in which cuts and plans are kept, so that a search that was killed continues.
    """

    client: Any = None
    store: KeyedStore | None = None


ALONE = Resources()
"""This process, and nothing kept."""


class Evaluator(Protocol):
    """Asks all subproblems for their reactions."""

    def __call__(self, decisions: Array) -> Sequence[Reaction]:
        """The reactions, in the order of the subproblems."""


class Here:
    """Evaluates the subproblems in this process, one after the other."""

    def __init__(self, subproblems: Sequence[Subproblem]) -> None:
        self.subproblems = subproblems

    def __call__(self, decisions: Array) -> list[Reaction]:
        """The reactions, in the order of the subproblems."""
        return [one.at(decisions[one.coupling]) for one in self.subproblems]


class Elsewhere:
    """Evaluates the subproblems on the workers of a Dask cluster.

    Each part is unpacked once and stays with its worker, with its programs in the solver. If a
    worker is lost, the scheduler unpacks the part on another one.
    """

    def __init__(self, subproblems: Sequence[Subproblem], client: Any) -> None:
        self.client, self.subproblems = client, subproblems
        workers = max(1, len(client.scheduler_info(-1)["workers"]))
        parts = min(len(subproblems), PARTS_PER_WORKER * workers)
        self.parts = [range(first, len(subproblems), parts) for first in range(parts)]
        self.there = [
            client.submit(
                unpacked,
                zlib.compress(pickle.dumps([subproblems[at] for at in part]), 1),
                pure=False,
                retries=WORKERS_MAY_DIE,
            )
            for part in self.parts
        ]

    def __call__(self, decisions: Array) -> list[Reaction]:
        """The reactions, in the order of the subproblems."""
        asked = [
            self.client.submit(
                reactions,
                there,
                [decisions[self.subproblems[at].coupling] for at in part],
                pure=False,
                retries=WORKERS_MAY_DIE,
            )
            for there, part in zip(self.there, self.parts, strict=True)
        ]
        found: dict[int, Reaction] = {}
        for part, future in zip(self.parts, asked, strict=True):
            found.update(zip(part, future.result(), strict=True))
        return [found[at] for at in range(len(self.subproblems))]


def unpacked(data: bytes) -> list[Subproblem]:
    """The subproblems of a part, on a worker."""
    found: list[Subproblem] = pickle.loads(zlib.decompress(data))
    return found


def reactions(part: Sequence[Subproblem], decisions: Sequence[Array]) -> list[Reaction]:
    """The reactions of the subproblems of a part, on a worker."""
    return [one.at(there) for one, there in zip(part, decisions, strict=True)]


@dataclass(frozen=True)
class Earlier:
    """What an earlier search of the same program left.

    Attributes:
        bound: USD million.
        integers: values of the integer columns of its best plan.
    """

    cuts: Sequence[Cut]
    bound: float
    integers: Array | None


class Kept:
    """Cuts, bound and best plan of a search in a store, one entry for each round."""

    def __init__(self, store: KeyedStore, program: Compiled) -> None:
        self.store, self.digest = store, digest(program)
        self.next = 0

    def keep(self, cuts: Sequence[Cut], bound: float, integers: Array | None = None) -> None:
        """Adds an entry."""
        entry: dict[str, Any] = {
            "bound": bound if math.isfinite(bound) else None,
            "cuts": [
                [cut.group, cut.constant, cut.columns.tolist(), cut.coefficients.tolist()]
                for cut in cuts
            ],
            "integers": None if integers is None else np.round(integers).astype(int).tolist(),
        }
        self.store.put(self._name(self.next), entry)
        self.next += 1

    def _name(self, number: int) -> str:
        return f"{self.digest}-{number:06d}"

    def earlier(self) -> Earlier | None:
        """Reads the entries that are there; further ones follow them."""
        cuts: list[Cut] = []
        bound, integers = -math.inf, None
        for number in count():
            entry: Mapping[str, Any] | None = self.store.get(self._name(number))
            if entry is None:
                self.next = number
                break
            cuts += [
                Cut(group, constant, np.array(columns, dtype=np.intp), np.array(data, dtype=float))
                for group, constant, columns, data in entry["cuts"]
            ]
            if entry["bound"] is not None:
                bound = max(bound, entry["bound"])
            if entry["integers"] is not None:
                integers = np.array(entry["integers"], dtype=float)
        if not self.next:
            return None
        LOGGER.info("decomposition: continues from %d cuts and bound %.10g", len(cuts), bound)
        return Earlier(cuts, bound, integers)


def digest(program: Compiled) -> str:
    """Name of a program by its content."""
    total = hashlib.sha256(__version__.encode())
    for part in (
        program.cost,
        program.low,
        program.high,
        program.row_low,
        program.row_high,
        program.integer,
        program.matrix.indptr,
        program.matrix.indices,
        program.matrix.data,
    ):
        total.update(np.ascontiguousarray(part).tobytes())
    total.update(repr((program.offset, sorted(program.separable.items()))).encode())
    return total.hexdigest()[:32]
