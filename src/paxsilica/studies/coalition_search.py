"""The solves behind the worth of partners: one for each coalition, small ones first.

Each coalition starts from the best plan of those that it contains, which is a plan for it too.
Afterwards what was found for one is used for the others: nobody's cost rises when a partner joins,
so a bound on a coalition holds for all that it contains and a plan for all that contain it; and a
plan that was found with somebody's money may be paid for by others, which is tried. Where it is
still open whether somebody's signature or money is worth anything as the first or the last to join,
the two coalitions that say so are solved again, more closely.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from paxsilica.case import Case
from paxsilica.solver.resolve import NOISE, NOWHERE, Interval
from paxsilica.studies.parallel import Packed, Result, Runner, task
from paxsilica.studies.shapley import Coalition, Player, gain, tightened
from paxsilica.studies.tasks import run_plan, solve_case


class Search:
    """The solves of all coalitions and what is known of each: its own result, and the best plan of
    any that fits it."""

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
        """One size after the other, each from the best plan of those that it contains."""
        self.runner.expect("coalitions", len(self.cases))
        for size in sorted({len(coalition) for coalition in self.cases}):
            group = [coalition for coalition in self.cases if len(coalition) == size]
            jobs = [
                task(solve_case, self.packed, self.cases[one], start=self._start(one))
                for one in group
            ]
            for coalition, result in zip(group, self.runner.run(jobs, "coalitions"), strict=True):
                if result is None:
                    raise KeyboardInterrupt
                self.found[coalition] = self.best[coalition] = result

    def _start(self, coalition: Coalition) -> dict[str, Any] | None:
        smaller = [
            result
            for other, result in self.found.items()
            if other < coalition and "decision" in result
        ]
        best = min(smaller, key=lambda result: float(result["objective"]), default=None)
        return None if best is None else {"decision": best["decision"], "tickets": best["tickets"]}

    def share(self, helpful: Sequence[str], payers: Sequence[str]) -> None:
        """Plans of smaller coalitions for larger ones; and those of larger ones for smaller, where
        others can pay for them."""
        for coalition in sorted(self.cases, key=len):
            for name in helpful:
                smaller = coalition - {name}
                if name in coalition and smaller in self.cases:
                    self._offer(coalition, self.best[smaller])
        for size in sorted({len(coalition) for coalition in self.cases}, reverse=True):
            pairs = [
                (coalition, coalition | {name})
                for coalition in self.cases
                for name in payers
                if len(coalition) == size
                and name not in coalition
                and coalition | {name} in self.cases
            ]
            pairs = [pair for pair in pairs if self._better(self.best[pair[1]], self.best[pair[0]])]
            jobs = [
                task(run_plan, self.packed, self.cases[one], decision=self.best[other]["decision"])
                for one, other in pairs
            ]
            for (coalition, _), result in zip(
                pairs, self.runner.run(jobs, "plans that others may pay for"), strict=True
            ):
                if result is None:
                    raise KeyboardInterrupt
                if (
                    result["within_money"]
                    and not result["missing"]
                    and result["status"] == "optimal"
                ):
                    self._offer(coalition, result)

    def sharpen(self, players: Sequence[Player], helpful: Sequence[str], share: float) -> bool:
        """Solves again, to a smaller gap and from the best plan known, what leaves open whether a
        first-in or last-in value is nothing.

        Returns whether there was any such.
        """
        cost = tightened({coalition: self.cost(coalition) for coalition in self.cases}, helpful)
        everybody = frozenset(player.name for player in players)
        open_ends = []
        for player in players:
            for before in (frozenset[str](), everybody - {player.name}):
                ends_of = [
                    one
                    for one in (before, before | {player.name})
                    if cost[one].high - cost[one].low > NOISE * abs(cost[one].high)
                ]
                if gain(cost, before, player.name).sign() == 0:
                    open_ends += ends_of
        again = [
            one
            for one in dict.fromkeys(open_ends)
            if "decision" in self.best[one] and self.cases[one].solver.gap * share > 0
        ]
        if share >= 1 or not again:
            return False
        jobs = []
        for one in again:
            solver = self.cases[one].solver
            closer = self.cases[one].model_copy(
                update={"solver": solver.model_copy(update={"gap": solver.gap * share})}
            )
            start = {key: self.best[one][key] for key in ("decision", "tickets")}
            jobs.append(task(solve_case, self.packed, closer, start=start))
        for one, result in zip(again, self.runner.run(jobs, "closer where needed"), strict=True):
            if result is None:
                raise KeyboardInterrupt
            bounds = [
                bound for bound in (result["bound"], self.found[one]["bound"]) if bound is not None
            ]
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
