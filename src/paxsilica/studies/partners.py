"""What each funder's money and each country's signature is worth: one solve for each coalition, in parallel, kept as they are finished."""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pandas as pd

from paxsilica import __version__
from paxsilica.case import Case
from paxsilica.studies.coalitions import (
    Coalition,
    Player,
    all_coalitions,
    along,
    case_of,
    ends,
    gain,
    orders,
    sampled,
    shapley,
    tightened,
)
from paxsilica.studies.names import MOST_EXACT
from paxsilica.studies.resolve import NOISE, Interval, Known, search, write
from paxsilica.tables import Tables

Teller = Callable[[int, int, str], None]
"""Called with how many coalitions are done, how many there are, and which was done last."""


@dataclass(frozen=True)
class Solved:
    """The plan of one coalition.

    Attributes:
        cost: optimum of the objective, USD million, with the gap.
        terms: terms of cost of the plan found.
        known: its decisions, from which others start.
    """

    coalition: Coalition
    cost: Interval
    terms: Mapping[str, float]
    known: Known


@dataclass(frozen=True)
class Partners:
    """What each player adds, USD million of the objective.

    Attributes:
        table: a row for each player: first in, last in and Shapley value, each from low to high, and the error of sampling.
        nobody, everybody: optimum with none and with all of the players.
        exact: whether every coalition was solved.
    """

    players: tuple[Player, ...]
    table: pd.DataFrame
    nobody: Interval
    everybody: Interval
    exact: bool
    solved: tuple[Solved, ...]

    def lines(self) -> list[str]:
        """The worth of each player in a sentence."""
        lines = []
        for row in self.table.to_dict("records"):
            about = f" (sampling error {row['shapley_error']:,.4g})" if not self.exact else ""
            parts = [
                f"{words} {_words(row[f'{kind}_low'], row[f'{kind}_high'])}"
                for words, kind in (("first in", "first_in"), ("last in", "last_in"), ("Shapley", "shapley"))
            ]
            lines.append(f"{row['player']}: worth, in USD million, {'; '.join(parts)}{about}. {row['verdict']}".rstrip())
        return lines

    def result(self) -> dict[str, Any]:
        """Everything in plain data and tables; optima of the objective as their ends, USD million, infinite where there is no plan."""
        return {
            "exact": self.exact,
            "nobody_usd_m": [self.nobody.low, self.nobody.high],
            "everybody_usd_m": [self.everybody.low, self.everybody.high],
            "tables": {
                "partners": self.table,
                "players": [{"player": one.name, "signs": one.signs, "pays": one.pays} for one in self.players],
                "coalitions": [
                    {"players": sorted(one.coalition), "cost_low": one.cost.low, "cost_high": one.cost.high, "terms": one.terms}
                    for one in self.solved
                ],
            },
            "text": self.lines(),
        }


def _words(low: float, high: float) -> str:
    if low == high == math.inf:
        return "everything (without it there is no plan)"
    if low == high == -math.inf:
        return "less than nothing (with it there is no plan)"
    return f"{low:,.6g} to {high:,.6g}" if high - low > NOISE * max(1.0, abs(high)) else f"{(low + high) / 2:,.6g}"


def _key(case: Case) -> str:
    parts = case.model_dump(mode="json", exclude={"name", "title", "question"})
    parts["solver"].pop("threads")
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class Store:
    """Coalitions that are finished, a line of JSON each, so that an interrupted run goes on where it was; without a folder kept nowhere."""

    def __init__(self, folder: Path | None, tables: Tables) -> None:
        self.path = None if folder is None else folder / f"coalitions-{__version__}-{tables.digest[:16]}.jsonl"
        self.found: dict[str, Solved] = {}
        if self.path is not None and self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                try:
                    entry = json.loads(line)
                    solved = _from_json(entry)
                except (ValueError, KeyError, TypeError):
                    continue  # a line cut off when the run was
                self.found[entry["case"]] = solved

    def add(self, case: Case, solved: Solved) -> None:
        """Keeps a finished coalition."""
        self.found[_key(case)] = solved
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            whole = not self.path.exists() or self.path.read_bytes().endswith(b"\n")
            with self.path.open("a", encoding="utf-8") as file:
                file.write(("" if whole else "\n") + json.dumps({"case": _key(case)} | _to_json(solved)) + "\n")


def _to_json(solved: Solved) -> dict[str, Any]:
    return {
        "coalition": sorted(solved.coalition),
        "cost": [repr(solved.cost.low), repr(solved.cost.high)],
        "terms": dict(solved.terms),
        "committed": dict(solved.known.committed),
        "tickets": sorted(solved.known.tickets),
    }


def _from_json(entry: Mapping[str, Any]) -> Solved:
    known = Known(dict(entry["committed"]), frozenset((funder, project) for funder, project in entry["tickets"]))
    low, high = (float(end) for end in entry["cost"])
    return Solved(frozenset(entry["coalition"]), Interval(low, high), dict(entry["terms"]), known)


_shared: dict[str, Any] = {}


def _begin(tables: Tables, stop: Event) -> None:
    """What a process of the pool is given once."""
    _shared.update(tables=tables, stop=stop)


def _in_pool(case: Case, coalition: Coalition, start: Known) -> Solved | None:
    stop = _shared["stop"]
    return solve_coalition(_shared["tables"], case, coalition, start, lambda: bool(stop.is_set()))


def solve_coalition(tables: Tables, case: Case, coalition: Coalition, start: Known, stop: Callable[[], bool]) -> Solved | None:
    """The plan of one coalition; ``None`` if it was stopped, so that half-finished work is not taken for finished."""
    written = write(tables, case)
    answer = search(written.program, case.solver, start, lambda _: stop())
    if stop() or answer.outcome.interrupted:
        return None
    if answer.values is None:
        return Solved(coalition, answer.value, {}, Known())
    return Solved(coalition, answer.value, written.term_values(answer.values), Known.of(written.program, answer.values))


def _nearest(coalition: Coalition, done: Mapping[Coalition, Solved]) -> Known:
    """Decisions of the finished coalition that differs least."""
    return min(
        ((len(coalition ^ other), sorted(other), solved.known) for other, solved in done.items() if solved.known.committed),
        key=lambda item: item[:2],
        default=(0, [], Known()),
    )[2]


def _run(tables: Tables, cases: Mapping[Coalition, Case], done: dict[Coalition, Solved], workers: int) -> Iterator[Solved]:
    """Solves what is left, as many at a time as there are workers, each from the nearest that is done."""
    left = [coalition for coalition in cases if coalition not in done]
    if workers <= 1:
        for coalition in left:
            solved = solve_coalition(tables, cases[coalition], coalition, _nearest(coalition, done), lambda: False)
            if solved is None:
                raise KeyboardInterrupt
            yield solved
        return
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    with ProcessPoolExecutor(min(workers, max(1, len(left))), context, _begin, (tables, stop)) as pool:
        running: set[Future[Solved | None]] = set()
        try:
            while left or running:
                while left and len(running) < workers:
                    coalition = left.pop(0)
                    running.add(pool.submit(_in_pool, cases[coalition], coalition, _nearest(coalition, done)))
                ready, running = wait(running, return_when=FIRST_COMPLETED)
                for future in ready:
                    solved = future.result()
                    if solved is None:
                        raise KeyboardInterrupt
                    yield solved
        except BaseException:
            # those that run end at once and are not kept
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def without_demand(tables: Tables, regions: set[str]) -> Tables:
    """Tables without the final demand of some regions, under a digest of their own."""
    kept = tuple(row for row in tables.demand if row.region not in regions)
    if len(kept) == len(tables.demand):
        return tables
    digest = hashlib.sha256(f"{tables.digest} without demand of {sorted(regions)}".encode()).hexdigest()
    lines = {table: of for table, of in tables.lines.items() if table != "demand"}
    return replace(tables, demand=kept, digest=digest, lines=lines)


def value_partners(
    tables: Tables,
    case: Case,
    players: Sequence[Player],
    *,
    folder: Path | None = None,
    workers: int = 1,
    samples: int = 32,
    seed: int = 0,
    own_needs: bool = False,
    tell: Teller | None = None,
) -> Partners:
    """What each player adds: first in, last in, and by Shapley value (exact to eight players, else estimated from random orders).

    Args:
        tables, case: the question; its solver's gap is carried into every value.
        players: who may take part.
        folder: where finished coalitions are kept; a run that was interrupted goes on from them.
        workers: processes; each solves one coalition at a time.
        samples: orders of arrival that are drawn where there are too many coalitions.
        seed: of that draw.
        own_needs: whether the final demand of regions that may sign counts. Without it a signature is worth what it adds for the others;
            with it, it also brings needs that must be covered, and a large customer costs more than it brings.
        tell: called as coalitions are done.
    """
    if not own_needs:
        tables = without_demand(tables, {region for player in players for region in player.signs})
    exact = len(players) <= MOST_EXACT
    arrivals = [] if exact else orders(players, samples, seed)
    wanted = all_coalitions(players) if exact else ends(players)
    wanted = list(dict.fromkeys([*wanted, *(coalition for order in arrivals for coalition in along(order))]))
    threads = 1 if workers > 1 else case.solver.threads
    solo = case.model_copy(update={"solver": case.solver.model_copy(update={"threads": threads})})
    cases = {coalition: case_of(solo, players, coalition) for coalition in wanted}
    store = Store(folder, tables)
    done = {coalition: store.found[key] for coalition, one in cases.items() if (key := _key(one)) in store.found}
    # the same case may have been solved for other players
    done = {coalition: Solved(coalition, one.cost, one.terms, one.known) for coalition, one in done.items()}
    if tell is not None:
        tell(len(done), len(cases), "those kept from before" if done else "")
    for solved in _run(tables, cases, done, workers):
        done[solved.coalition] = solved
        store.add(cases[solved.coalition], solved)
        if tell is not None:
            tell(len(done), len(cases), " + ".join(sorted(solved.coalition)) or "nobody")
    cost = tightened({coalition: solved.cost for coalition, solved in done.items()}, players)
    everybody = frozenset(player.name for player in players)
    rows = [_row(player, players, cost, done, arrivals) for player in players]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return Partners(tuple(players), table, cost[frozenset()], cost[everybody], exact, tuple(done[one] for one in cases))


COLUMNS = [
    "player",
    "first_in_low",
    "first_in_high",
    "last_in_low",
    "last_in_high",
    "shapley_low",
    "shapley_high",
    "shapley_error",
    "shapley_of_shortfall",
    "verdict",
]


def _row(
    player: Player,
    players: Sequence[Player],
    cost: Mapping[Coalition, Interval],
    done: Mapping[Coalition, Solved],
    arrivals: Sequence[Sequence[str]],
) -> tuple[Any, ...]:
    everybody = frozenset(one.name for one in players)
    first, last = gain(cost, frozenset(), player.name), gain(cost, everybody - {player.name}, player.name)
    short = {
        coalition: Interval(amount, amount)
        for coalition, solved in done.items()
        if math.isfinite(amount := solved.terms.get("coverage_shortfall", math.nan))
    }
    whole = len(short) == len(done)
    if arrivals:
        value, error = sampled(cost, arrivals, player.name)
        of_shortfall = sampled(short, arrivals, player.name)[0].middle if whole else math.nan
    else:
        value, error = shapley(cost, players, player.name), 0.0
        of_shortfall = shapley(short, players, player.name).middle if whole else math.nan
    noise = NOISE * max([1.0, *(abs(one.high) for one in cost.values() if math.isfinite(one.high))])
    sign = Interval(value.low - error, value.high + error).sign(noise)
    verdict = {1: "", -1: "It costs more than it brings.", 0: "Not told apart from nothing: the value lies inside the gap."}[sign]
    ends_of = (first.low, first.high, last.low, last.high, value.low, value.high)
    return (player.name, *ends_of, error, of_shortfall, verdict)
