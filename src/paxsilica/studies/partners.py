"""What each funder's money and each country's signature is worth: first in, last in, and on average
over all orders of arrival."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from paxsilica.case import Case
from paxsilica.instance import make_instance
from paxsilica.solver.resolve import NOISE, Interval, Known
from paxsilica.studies.coalition_search import Search
from paxsilica.studies.names import MOST_EXACT
from paxsilica.studies.parallel import Packed, Result, Runner
from paxsilica.studies.shapley import (
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
from paxsilica.tables import Tables


@dataclass(frozen=True)
class Solved:
    """The plan of one coalition.

    Attributes:
        cost: optimum of the objective, USD million, with the gap.
        terms: terms of cost of the plan found.
        known: its decisions.
    """

    coalition: Coalition
    cost: Interval
    terms: Mapping[str, float]
    known: Known


@dataclass(frozen=True)
class Partners:
    """What each player adds, USD million of the objective.

    Attributes:
        table: a row for each player: first in, last in and Shapley value, each from low to high and
            as the best plans known differ (``found``), and the error of sampling.
        nobody, everybody: optimum with none and with all of the players.
        exact: whether every coalition was solved.
        cost: optimum of each coalition after all that was found for the others was used.
    """

    players: tuple[Player, ...]
    table: pd.DataFrame
    nobody: Interval
    everybody: Interval
    exact: bool
    solved: tuple[Solved, ...]
    cost: Mapping[Coalition, Interval]

    def lines(self) -> list[str]:
        """The worth of each player in a sentence."""
        lines = []
        for row in self.table.to_dict("records"):
            about = f" (sampling error {row['shapley_error']:,.4g})" if not self.exact else ""
            parts = [
                f"{words} {_words(row[f'{kind}_low'], row[f'{kind}_high'])}"
                for words, kind in (
                    ("first in", "first_in"),
                    ("last in", "last_in"),
                    ("Shapley", "shapley"),
                )
            ]
            lines.append(
                f"{row['player']}: worth, in USD million, {'; '.join(parts)}{about}."
                f" {row['verdict']}".rstrip()
            )
        return lines

    def result(self) -> dict[str, Any]:
        """Everything in plain data and tables; optima of the objective as their ends, USD million,
        infinite where there is no plan."""
        return {
            "exact": self.exact,
            "nobody_usd_m": [self.nobody.low, self.nobody.high],
            "everybody_usd_m": [self.everybody.low, self.everybody.high],
            "tables": {
                "partners": self.table,
                "players": [
                    {"player": one.name, "signs": one.signs, "pays": one.pays}
                    for one in self.players
                ],
                "coalitions": [
                    {
                        "players": sorted(one.coalition),
                        "cost_low": one.cost.low,
                        "cost_high": one.cost.high,
                        "terms": one.terms,
                    }
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
    return (
        f"{_amount(low)} to {_amount(high)}"
        if high - low > NOISE * max(1.0, abs(high))
        else _amount((low + high) / 2)
    )


def _amount(value: float) -> str:
    """USD million; thousands of dollars where the amount is small, and no minus before zero."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value + 0.0:,.4g}"


def without_demand(tables: Tables, regions: set[str]) -> Tables:
    """Tables without the final demand of some regions, under a digest of their own."""
    kept = tuple(row for row in tables.demand if row.region not in regions)
    if len(kept) == len(tables.demand):
        return tables
    digest = hashlib.sha256(
        f"{tables.digest} without demand of {sorted(regions)}".encode()
    ).hexdigest()
    lines = {table: of for table, of in tables.lines.items() if table != "demand"}
    return replace(tables, demand=kept, digest=digest, lines=lines)


def value_partners(
    tables: Tables,
    case: Case,
    players: Sequence[Player],
    *,
    folder: Path | None = None,
    workers: int | None = 1,
    cluster: str | None = None,
    progress: bool | None = None,
    samples: int = 32,
    seed: int = 0,
    own_needs: bool = False,
    sharpen: float = 0.1,
) -> Partners:
    """What each player adds: first in, last in, and by Shapley value (exact to eight players, else
    estimated from random orders).

    Args:
        tables, case: the question; its solver's gap is carried into every value.
        players: who may take part.
        folder: where finished coalitions are kept; a run that was interrupted goes on from them.
        workers, cluster, progress: see :class:`~paxsilica.studies.parallel.Runner`.
        samples: orders of arrival that are drawn where there are too many coalitions.
        seed: of that draw.
        own_needs: whether the final demand of regions that may sign counts. Without it a signature
            is worth what it adds for the others; with it, it also brings needs that must be
            covered, and a large customer costs more than it brings.
        sharpen: share of the gap to which coalitions are solved again where a first-in or last-in
            value is not told apart from nothing; 1: none are.

    Raises:
        KeyboardInterrupt: if it was stopped before its end; what is finished is kept in ``folder``.
    """
    if not own_needs:
        tables = without_demand(tables, {region for player in players for region in player.signs})
    exact = len(players) <= MOST_EXACT
    arrivals = [] if exact else orders(players, samples, seed)
    wanted = all_coalitions(players) if exact else ends(players)
    wanted = list(
        dict.fromkeys([*wanted, *(coalition for order in arrivals for coalition in along(order))])
    )
    cases = {coalition: case_of(case, players, coalition) for coalition in wanted}
    # whoever signs with needs of its own may cost more than it brings
    helpful = [player.name for player in players if not (own_needs and player.signs)]
    payers = [player.name for player in players if player.pays and not player.signs]
    with Runner(workers, folder, cluster, progress) as runner:
        search = Search(Packed.of(tables), cases, runner)
        search.solve()
        search.share(helpful, payers)
        if search.sharpen(players, helpful, sharpen):
            search.share(helpful, payers)
    cost = tightened({coalition: search.cost(coalition) for coalition in wanted}, helpful)
    solved = tuple(
        _solved(coalition, search.cost(coalition), search.found[coalition]) for coalition in wanted
    )
    known = {one.coalition: one for one in solved}
    everybody = frozenset(player.name for player in players)
    rows = [_row(player, players, cost, known, arrivals) for player in players]
    for at, player in enumerate(players):
        if player.pays and not player.signs and rows[at]["verdict"].startswith(UNTOLD):
            rows[at]["verdict"] += _why_nothing(tables, cases[everybody - {player.name}], rows[at])
    table = pd.DataFrame(rows, columns=COLUMNS)
    return Partners(tuple(players), table, cost[frozenset()], cost[everybody], exact, solved, cost)


def _solved(coalition: Coalition, cost: Interval, result: Result) -> Solved:
    if "decision" not in result:
        return Solved(coalition, cost, {}, Known())
    years = {name: int(year) for name, (year, _) in result["decision"].items()}
    return Solved(
        coalition,
        cost,
        result["terms"],
        Known(years, frozenset((funder, project) for funder, project in result["tickets"])),
    )


COLUMNS = [
    "player",
    "first_in_low",
    "first_in_high",
    "first_in_found",
    "last_in_low",
    "last_in_high",
    "last_in_found",
    "shapley_low",
    "shapley_high",
    "shapley_found",
    "shapley_error",
    "shapley_of_shortfall",
    "verdict",
]
UNTOLD = "Not told apart from nothing"


def _row(
    player: Player,
    players: Sequence[Player],
    cost: Mapping[Coalition, Interval],
    done: Mapping[Coalition, Solved],
    arrivals: Sequence[Sequence[str]],
) -> dict[str, Any]:
    everybody = frozenset(one.name for one in players)
    helps = bool(player.pays) and not player.signs
    plans = {coalition: Interval(one.high, one.high) for coalition, one in cost.items()}
    short = {
        coalition: Interval(amount, amount)
        for coalition, solved in done.items()
        if math.isfinite(amount := solved.terms.get("coverage_shortfall", math.nan))
    }

    def average(of: Mapping[Coalition, Interval]) -> tuple[Interval, float]:
        return (
            sampled(of, arrivals, player.name)
            if arrivals
            else (shapley(of, players, player.name), 0.0)
        )

    value, error = average(cost)
    parts = {
        "first_in": (gain(cost, frozenset(), player.name), gain(plans, frozenset(), player.name)),
        "last_in": (
            gain(cost, everybody - {player.name}, player.name),
            gain(plans, everybody - {player.name}, player.name),
        ),
        "shapley": (value, average(plans)[0]),
    }
    noise = NOISE * max([1.0, *(abs(one.high) for one in cost.values() if math.isfinite(one.high))])
    sign = Interval(value.low - error, value.high + error).sign(noise)
    verdict = {
        1: "",
        -1: "It costs more than it brings.",
        0: f"{UNTOLD}: the value lies inside the gap.",
    }[sign]
    row: dict[str, Any] = {"player": player.name}
    for name, (span, found) in parts.items():
        # money can be left unused, so it is never worth less than nothing
        row |= {
            f"{name}_low": max(0.0, span.low) if helps else span.low,
            f"{name}_high": span.high,
            f"{name}_found": found.middle,
        }
    of_shortfall = average(short)[0].middle if len(short) == len(done) else math.nan
    return row | {"shapley_error": error, "shapley_of_shortfall": of_shortfall, "verdict": verdict}


def _why_nothing(tables: Tables, without: Case, row: Mapping[str, Any]) -> str:
    """Why somebody's money may well be worth nothing: who else could pay, and what the best plans
    known say."""
    words = []
    funding = make_instance(tables, without).funding
    budget = without.budget_usd_m
    if funding is not None:
        others = sum(
            min(payer.envelope, sum(payer.limit.values())) for payer in funding.funders.values()
        )
        if budget is not None and others >= budget:
            words.append(
                f" Without it the other funders have USD {others:,.0f} million for a budget of"
                f" {budget:,.0f}: the budget binds first, and what it could pay for others may pay"
                " for too, where their mandates let them."
            )
    if abs(row["last_in_found"]) <= NOISE * max(1.0, row["last_in_high"]):
        words.append(" The best plan known with everybody does without it.")
    else:
        words.append(
            " Of the best plans known, the one with it is better by"
            f" {_amount(row['last_in_found'])} as the last to join."
        )
    words.append(f" First in, by the best plans known, it brings {_amount(row['first_in_found'])}.")
    return "".join(words)
