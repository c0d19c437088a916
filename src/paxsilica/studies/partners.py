"""The value of each funder's money and each country's signature: the stand-alone value, the
marginal value (joining last) and the Shapley value.

Every coalition is solved, small ones first, each from the best plan of its subsets, which is a plan
for it too. The results are then shared: cost does not rise when a partner joins, so a bound on a
coalition holds for its subsets, and a plan of a coalition holds for its supersets; a plan that was
found with the money of one partner is tried without it. Where the gap leaves open whether a
stand-alone or marginal value is zero, its two coalitions are solved again to a smaller gap.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Unpack

import pandas as pd

from paxsilica import output_tables as doc
from paxsilica.case import Case
from paxsilica.errors import InputError, Problem
from paxsilica.instance import make_instance
from paxsilica.model.costs import coverage_shortfall
from paxsilica.output_tables import Column, TableDoc
from paxsilica.solver.resolve import NOISE, NOWHERE, Interval, Known, changed
from paxsilica.studies import MOST_EXACT
from paxsilica.studies.parallel import Packed, Result, Runner, RunOptions, Task, task, with_solver
from paxsilica.studies.shapley import (
    Coalition,
    all_coalitions,
    along,
    ends,
    gain,
    orders,
    sampled,
    shapley,
    tightened,
)
from paxsilica.studies.tasks import known_in, points_of_case, run_plan, solve_case, start_of
from paxsilica.tables import Tables
from paxsilica.tables.suggestions import Nearest


@dataclass(frozen=True)
class Player:
    """A partner who may take part or not.

    Attributes:
        signs: regions that are signatories if it takes part, else participants without money.
        pays: regions whose funders pay only if it takes part.
    """

    name: str
    signs: tuple[str, ...] = ()
    pays: tuple[str, ...] = ()


def parse_player(text: str, tables: Tables, place: str = "--players") -> Player:
    """A player written ``[NAME=]sign:REGION[+REGION]`` or ``[NAME=]money:REGION[+REGION]``;
    ``place`` is where the text comes from.

    Raises:
        InputError: if it is not written so, or the regions are not in the data.
    """
    name, _, rule = text.rpartition("=")
    kind, colon, listed = rule.partition(":")
    named = tuple(region.strip() for region in listed.split("+") if region.strip())
    if kind not in ("sign", "money") or not colon or not named:
        words = "should be sign:REGION or money:REGION, with NAME= before, +REGION after as wanted"
        raise InputError([Problem(place, "", "", text, words)])
    known = {row.region for row in tables.regions}
    paying = {row.region for row in tables.funders}
    problems = []
    for region in named:
        if region not in known:
            words = f"should be a region of the data{Nearest(known)(region)}"
        elif kind == "money" and region not in paying:
            words = f"should be a region that has funders: {', '.join(sorted(paying))}"
        else:
            continue
        problems.append(Problem(place, "", "", region, words))
    if problems:
        raise InputError(problems)
    shown = name.strip() or f"{' and '.join(named)} ({'signature' if kind == 'sign' else 'money'})"
    return Player(shown, named, ()) if kind == "sign" else Player(shown, (), named)


def default_players(tables: Tables, case: Case) -> list[Player]:
    """The players that the case names in ``partners``; if it names none, the signature of every
    participant of the case and the money of every region whose funders pay in it.

    Raises:
        InputError: with every player that is not written well, or if there is no player at all.
    """
    names = {row.region: row.name for row in tables.regions}
    texts = list(case.partners)
    if not texts:
        world = make_instance(tables, case).world
        year = case.years[-1]
        absent = {*case.funders.exclude_regions}
        statuses = {region: world.status(region, year) for region in sorted(names)}
        texts = [
            f"{names[region]}'s signature=sign:{region}"
            for region, status in statuses.items()
            if status == "participant"
        ]
        funders = {row.region for row in tables.funders if row.funder not in case.funders.exclude}
        texts += [
            f"{names[region]}'s money=money:{region}"
            for region in sorted(funders - absent)
            if world.pays(region, year)
        ]
    if not texts:
        raise InputError(
            "the case names no partners, and the data has neither participants nor funders that"
            " pay: name players as NAME=sign:REGION or NAME=money:REGION, with --players or in the"
            " key partners of the case"
        )
    players, problems = list[Player](), list[Problem]()
    for text in texts:
        try:
            players.append(parse_player(text, tables, "case partners"))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return players


def case_of(case: Case, players: Sequence[Player], coalition: Coalition) -> Case:
    """The case in which the members take part; other players do not pay, or only participate."""
    parts: dict[str, object] = {}
    if any(player.signs for player in players):
        parts["roles"] = case.roles.model_dump() | {
            "protected": {"signatory": case.roles.protected.get("signatory", 0)}
        }
        parts["funding"] = {"signatory": case.funding.get("signatory", 0)}
        statuses = {
            region: "signatory" if player.name in coalition else "participant"
            for player in players
            for region in player.signs
        }
        parts["membership"] = {**case.membership, **statuses}
    absent = {
        region for player in players if player.name not in coalition for region in player.pays
    }
    if absent:
        excluded = tuple(sorted({*case.funders.exclude_regions, *absent}))
        parts["funders"] = case.funders.model_dump() | {"exclude_regions": excluded}
    return changed(case, **parts)


class Search:
    """The solves of all coalitions: the result of each, and the best plan of any that fits it."""

    def __init__(self, packed: Packed, cases: Mapping[Coalition, Case], runner: Runner) -> None:
        self.packed, self.cases, self.runner = packed, cases, runner
        self.found: dict[Coalition, Result] = {}
        self.best: dict[Coalition, Result] = {}

    def cost(self, coalition: Coalition) -> Interval:
        """What is known of the optimum of a coalition."""
        own = self.found[coalition]
        if own["status"] == "infeasible":
            return NOWHERE
        best = self.best[coalition]["objective"]
        high = math.inf if best is None else float(best)
        return Interval(-math.inf if own["bound"] is None else min(float(own["bound"]), high), high)

    def solve(self) -> None:
        """Solves one size after the other, each coalition from the best plan of its subsets."""
        self.runner.expect("coalitions", len(self.cases))
        for group in self._by_size():
            jobs = {
                one: task(solve_case, self.packed, self.cases[one], start=self._start(one))
                for one in group
            }
            for coalition, result in self._run(jobs, "coalitions"):
                self.found[coalition] = self.best[coalition] = result

    def _run(self, jobs: Mapping[Coalition, Task], what: str) -> Iterable[tuple[Coalition, Result]]:
        for coalition, result in zip(jobs, self.runner.run([*jobs.values()], what), strict=True):
            if result is None:
                raise KeyboardInterrupt
            yield coalition, result

    def _by_size(self) -> list[list[Coalition]]:
        sizes = sorted({len(coalition) for coalition in self.cases})
        return [[one for one in self.cases if len(one) == size] for size in sizes]

    def _start(self, coalition: Coalition) -> dict[str, Any] | None:
        smaller = [one for other, one in self.found.items() if other < coalition]
        plans = [result for result in smaller if "decision" in result]
        best = min(plans, key=lambda result: float(result["objective"]), default=None)
        return None if best is None else start_of(best)

    def points(self, names: Sequence[str]) -> dict[str, float]:
        """By player, the points of coverage that all others reach less without it."""
        everyone = frozenset(names)
        wanted = [everyone, *(everyone - {name} for name in names)]
        jobs = {one: task(points_of_case, self.packed, self.cases[one]) for one in wanted}
        found = {
            one: -math.inf if result["points"] is None else float(result["points"])
            for one, result in self._run(jobs, "points of coverage")
        }
        # rows that contradict each other with all of them leave nothing to compare
        if math.isinf(found[everyone]):
            return {}
        return {name: found[everyone] - found[everyone - {name}] for name in names}

    def share(self, helpful: Sequence[str], paying: Sequence[str]) -> None:
        """Offers plans of smaller coalitions to larger ones, and the reverse where others can
        pay."""
        for coalition in sorted(self.cases, key=len):
            for name in helpful:
                smaller = coalition - {name}
                if name in coalition and smaller in self.cases:
                    self._offer(coalition, self.best[smaller])
        for group in reversed(self._by_size()):
            for name in paying:
                jobs = {}
                for one in group:
                    plan = self.best.get(one | {name})
                    if name not in one and plan and self._better(plan, self.best[one]):
                        case, decision = self.cases[one], plan["decision"]
                        jobs[one] = task(run_plan, self.packed, case, decision=decision)
                for coalition, result in self._run(jobs, "plans that others may pay for"):
                    paid = result["within_money"] and not result["missing"]
                    if paid and result["status"] == "optimal":
                        self._offer(coalition, result)

    def sharpen(self, names: Sequence[str], helpful: Sequence[str], share: float) -> bool:
        """Solves again, to ``share`` of the gap, the coalitions that leave open whether a
        stand-alone or marginal value is zero; returns whether there was any."""
        cost = tightened({coalition: self.cost(coalition) for coalition in self.cases}, helpful)
        everyone = frozenset(names)
        pairs = [
            (before, before | {name})
            for name in names
            for before in (frozenset[str](), everyone - {name})
            if gain(cost, before, name).sign() == 0
        ]
        again = [
            one
            for one in dict.fromkeys(one for pair in pairs for one in pair)
            if cost[one].high - cost[one].low > NOISE * abs(cost[one].high)
            and "decision" in self.best[one]
            and self.cases[one].solver.gap * share > 0
        ]
        if share >= 1 or not again:
            return False
        jobs = {}
        for one in again:
            case = with_solver(self.cases[one], gap=self.cases[one].solver.gap * share)
            jobs[one] = task(solve_case, self.packed, case, start=start_of(self.best[one]))
        for one, result in self._run(jobs, "smaller gap where needed"):
            bounds = {result["bound"], self.found[one]["bound"]} - {None}
            self.found[one] = self.found[one] | {"bound": max(bounds, default=None)}
            self._offer(one, result)
        return True

    def _offer(self, coalition: Coalition, result: Result) -> None:
        if self._better(result, self.best[coalition]):
            self.best[coalition] = result

    @staticmethod
    def _better(one: Result, other: Result) -> bool:
        return one["objective"] is not None and (
            other["objective"] is None or one["objective"] < other["objective"]
        )


@dataclass(frozen=True)
class Solved:
    """The plan of one coalition: optimum of the objective and terms of cost, USD million, with its
    decisions.
    """

    coalition: Coalition
    cost: Interval
    terms: Mapping[str, float]
    known: Known


VALUES = {
    "stand_alone_value": "stand-alone value",
    "marginal_value": "marginal value",
    "shapley": "Shapley value",
}
ENDS = {
    "low": "lower bound",
    "high": "upper bound",
    "found": "as the best plans known differ",
}


def _value_columns() -> dict[str, Column]:
    return {
        f"{kind}_{end}": doc.money(f"{value}: {words}")
        for kind, value in VALUES.items()
        for end, words in ENDS.items()
    }


@dataclass(frozen=True, repr=False)
class Partners:
    """What each player adds, USD million of the objective.

    Attributes:
        table: a row for each player: stand-alone, marginal and Shapley value, each from low to high
            and as the best plans known differ (``found``), and the error of sampling.
        no_partners, all_partners: optimum with none and with all of the players.
        exact: whether every coalition was solved.
        cost: optimum of each coalition after the results were shared.
        docs: title of each table of the result, with type, unit and meaning of its columns.
    """

    docs: ClassVar[Mapping[str, TableDoc]] = {
        "partners": doc.table(
            "The value of each player: decrease of the objective",
            player=doc.text("player"),
            **_value_columns(),
            shapley_error=doc.money(
                "half the width of the 95 % confidence interval of the Shapley value; 0 where every"
                " coalition was solved"
            ),
            shapley_of_shortfall=doc.money(
                "Shapley value of the missing coverage at its price, by the plans found"
            ),
            points_lost=doc.number(
                "percentage points that every requirement of coverage, at all stages and years at"
                " once, can reach less without the player and with all others (projects"
                " divisible); blank: no coverage is required",
                "percentage points",
            ),
            verdict=doc.text("remark on the sign of the value; blank: it is positive"),
        ),
        "players": doc.table(
            "The players",
            player=doc.text("player"),
            signs=doc.text("regions that are signatories if it takes part"),
            pays=doc.text("regions whose funders pay only if it takes part"),
        ),
        "coalitions": doc.table(
            "The optimum of each coalition",
            players=doc.text("players that take part"),
            cost_low=doc.money("lower bound on the objective"),
            cost_high=doc.money("objective of the best plan known"),
            terms=doc.money("cost terms of the plan found, by name"),
        ),
    }

    players: tuple[Player, ...]
    table: pd.DataFrame
    no_partners: Interval
    all_partners: Interval
    exact: bool
    solved: tuple[Solved, ...]
    cost: Mapping[Coalition, Interval]

    def __repr__(self) -> str:
        names = ", ".join(player.name for player in self.players)
        return f"<Partners {names}: {len(self.solved)} solves>"

    def lines(self) -> list[str]:
        """The value of each player in a sentence."""
        lines = []
        for row in self.table.to_dict("records"):
            about = f" (sampling error {row['shapley_error']:,.4g})" if not self.exact else ""
            parts = [
                f"{words} {_words(row[f'{kind}_low'], row[f'{kind}_high'])}"
                for kind, words in VALUES.items()
            ]
            lost = row["points_lost"]
            points = (
                ""
                if math.isnan(lost)
                else " Without it some other requirement has no solution, at any coverage."
                if math.isinf(lost)
                else f" Without it every requirement of coverage, all at once, can reach"
                f" {lost:,.4g} percentage points less, if projects are divisible."
            )
            lines.append(
                f"{row['player']}, in USD million: {'; '.join(parts)}{about}.{points}"
                f" {row['verdict']}".rstrip()
            )
        return lines

    def result(self) -> dict[str, Any]:
        """Everything in plain data and tables; optima as their ends, USD million."""
        players = [
            {"player": one.name, "signs": one.signs, "pays": one.pays} for one in self.players
        ]
        coalitions = [
            {"players": sorted(one.coalition), "cost_low": one.cost.low, "cost_high": one.cost.high}
            | {"terms": one.terms}
            for one in self.solved
        ]
        tables = {"partners": self.table, "players": players, "coalitions": coalitions}
        return {
            "exact": self.exact,
            "no_partners_usd_m": [self.no_partners.low, self.no_partners.high],
            "all_partners_usd_m": [self.all_partners.low, self.all_partners.high],
            "tables": tables,
            "text": self.lines(),
        }


UNLIMITED = "unlimited"
"""The value of a player without whom there is no plan; with a minus that of one with whom there is
none."""


def _words(low: float, high: float) -> str:
    if low == high == math.inf:
        return f"{UNLIMITED} (without it there is no plan)"
    if low == high == -math.inf:
        return "negative without limit (with it there is no plan)"
    return span_words(low, high)


def span_words(low: float, high: float) -> str:
    """A value, or its ends where they differ by more than rounding.

    >>> span_words(-3.0, 1200.0), span_words(5.0, 5.0), span_words(math.inf, math.inf)
    ('-3 to 1,200', '5', 'unlimited')
    """
    if low == high and math.isinf(low):
        return f"{'-' if low < 0 else ''}{UNLIMITED}"
    if high - low > NOISE * max(1.0, abs(high)):
        return f"{amount_words(low)} to {amount_words(high)}"
    return amount_words((low + high) / 2)


def amount_words(value: float) -> str:
    """USD million; thousands of dollars where the amount is small, and no minus before zero."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value + 0.0:,.4g}"


def without_demand(tables: Tables, regions: set[str]) -> Tables:
    """The tables without the final demand of some regions, under a digest of their own."""
    kept = tuple(row for row in tables.demand if row.region not in regions)
    if len(kept) == len(tables.demand):
        return tables
    words = f"{tables.digest} without demand of {sorted(regions)}"
    digest = hashlib.sha256(words.encode()).hexdigest()
    lines = {table: of for table, of in tables.lines.items() if table != "demand"}
    return replace(tables, demand=kept, digest=digest, lines=lines)


def value_partners(
    tables: Tables,
    case: Case,
    players: Sequence[Player] | None = None,
    *,
    samples: int = 32,
    seed: int = 0,
    own_needs: bool = False,
    sharpen: float = 0.1,
    **run: Unpack[RunOptions],
) -> Partners:
    """What each player adds: stand-alone value, marginal value, and Shapley value (exact to eight
    players, else estimated from random orders).

    Args:
        tables, case: the question; its solver's gap is carried into every value.
        players: who may take part; by default those of :func:`default_players`.
        samples: orders of arrival that are drawn where there are too many coalitions.
        seed: of that draw.
        own_needs: whether the final demand of regions that may sign counts. Without it a signature
            is worth what it adds for the others; with it, it also brings needs that must be
            covered, and a large customer costs more than it brings.
        sharpen: share of the gap to which coalitions are solved again where it is open whether a
            stand-alone or marginal value is zero; 1: none are.
        run: ``workers`` (by default 1), ``store``, ``cluster``, ``progress``: see
            :class:`~paxsilica.studies.parallel.Runner`.

    Raises:
        InputError: if there are no players.
        KeyboardInterrupt: if it was stopped before its end; what is finished is kept in ``store``.
    """
    players = default_players(tables, case) if players is None else players
    names = [player.name for player in players]
    if not own_needs:
        tables = without_demand(tables, {region for player in players for region in player.signs})
    exact = len(players) <= MOST_EXACT
    arrivals = [] if exact else orders(names, samples, seed)
    wanted = all_coalitions(names) if exact else ends(names)
    wanted = list(
        dict.fromkeys([*wanted, *(coalition for order in arrivals for coalition in along(order))])
    )
    cases = {coalition: case_of(case, players, coalition) for coalition in wanted}
    # a signatory with needs of its own may cost more than it brings
    helpful = [player.name for player in players if not (own_needs and player.signs)]
    paying = [player.name for player in players if player.pays and not player.signs]
    run.setdefault("workers", 1)
    with Runner(**run) as runner:
        search = Search(Packed.of(tables), cases, runner)
        search.solve()
        search.share(helpful, paying)
        if search.sharpen(names, helpful, sharpen):
            search.share(helpful, paying)
        points = {} if case.coverage is None else search.points(names)
    own = {coalition: search.cost(coalition) for coalition in wanted}
    cost = tightened(own, helpful)
    solved = {one: _solved(one, own[one], search.found[one]) for one in wanted}
    everyone = frozenset(names)
    rows = [_row(player, names, cost, solved, arrivals) for player in players]
    for player, row in zip(players, rows, strict=True):
        row["points_lost"] = points.get(player.name, math.nan)
        if player.name in paying and row["verdict"].startswith(UNDECIDED):
            row["verdict"] += _why_zero(tables, cases[everyone - {player.name}], row)
    table = pd.DataFrame(rows, columns=list(Partners.docs["partners"].schema))
    ends_of = (cost[frozenset()], cost[everyone])
    return Partners(tuple(players), table, *ends_of, exact, tuple(solved.values()), cost)


def _solved(coalition: Coalition, cost: Interval, result: Result) -> Solved:
    if "decision" not in result:
        return Solved(coalition, cost, {}, Known())
    return Solved(coalition, cost, result["terms"], known_in(result))


UNDECIDED = "Not distinguishable from zero"


def _row(
    player: Player,
    names: Sequence[str],
    cost: Mapping[Coalition, Interval],
    solved: Mapping[Coalition, Solved],
    arrivals: Sequence[Sequence[str]],
) -> dict[str, Any]:
    none, others = frozenset[str](), frozenset(names) - {player.name}
    only_pays = bool(player.pays) and not player.signs
    plans = {coalition: Interval(one.high, one.high) for coalition, one in cost.items()}
    short = {
        coalition: Interval(amount, amount)
        for coalition, one in solved.items()
        if math.isfinite(amount := one.terms.get(coverage_shortfall.__name__, math.nan))
    }

    def average(of: Mapping[Coalition, Interval]) -> tuple[Interval, float]:
        if arrivals:
            return sampled(of, arrivals, player.name)
        return shapley(of, names, player.name), 0.0

    value, error = average(cost)
    spans = (gain(cost, none, player.name), gain(cost, others, player.name), value)
    best = (gain(plans, none, player.name), gain(plans, others, player.name), average(plans)[0])
    noise = NOISE * max([1.0, *(abs(one.high) for one in cost.values() if math.isfinite(one.high))])
    sign = Interval(value.low - error, value.high + error).sign(noise)
    verdict = {
        1: "",
        -1: "It costs more than it brings.",
        0: f"{UNDECIDED}: the value lies inside the gap.",
    }[sign]
    row: dict[str, Any] = {"player": player.name}
    for kind, span, found in zip(VALUES, spans, best, strict=True):
        # money can be left unused, so its value is at least zero
        row |= {
            f"{kind}_low": max(0.0, span.low) if only_pays else span.low,
            f"{kind}_high": span.high,
            f"{kind}_found": found.middle,
        }
    of_shortfall = average(short)[0].middle if len(short) == len(solved) else math.nan
    row["points_lost"] = math.nan
    return row | {"shapley_error": error, "shapley_of_shortfall": of_shortfall, "verdict": verdict}


def _why_zero(tables: Tables, without: Case, row: Mapping[str, Any]) -> str:
    """Why money may have the value zero: who else can pay, and how the best plans known differ."""
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
                f" {budget:,.0f}: the budget is the tighter limit, and other funders may pay for"
                " the same projects where their mandates allow it."
            )
    if abs(row["marginal_value_found"]) <= NOISE * max(1.0, row["marginal_value_high"]):
        words.append(" The best plan known with all partners does not use it.")
    else:
        words.append(
            " Of the best plans known, the one with it is better by"
            f" {amount_words(row['marginal_value_found'])} when it joins last."
        )
    alone = amount_words(row["stand_alone_value_found"])
    return "".join([*words, f" Alone, it brings {alone} by the best plans known."])
