"""Which prices are requested, and the checks of a request. A check needs no search, so that a wrong
request fails at once, with all its problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial

import numpy as np

from paxsilica.case import Case
from paxsilica.errors import InputError, Problem
from paxsilica.prices.finite_difference import (
    money_limit,
    moved_cap,
    refuse_user_rows,
    required_coverage,
    sooner,
    toggled,
)
from paxsilica.prices.priced_items import Name, PricedItem, priced_items
from paxsilica.prices.table import KINDS, Kind
from paxsilica.prices.value_curve import curve_range
from paxsilica.solver.resolve import Written


@dataclass(frozen=True)
class PriceRequest:
    """Which prices are requested.

    Attributes:
        two_sided: items whose left and right dual values are computed, as ``WHAT`` or
            ``WHAT:WHERE`` with ``*`` and ``?``; each takes about a tenth of a second.
        money: ``budget`` and funders of a finite difference; ``None``: the budget, if any.
        step: USD million of it; ``None``: see
            :func:`paxsilica.prices.finite_difference.default_step`.
        coverage: stages whose required coverage is moved by ``points`` percentage points.
        concentration: whether the cap on a region's share is moved by ``points``.
        sooner: projects whose lead time is shortened by a year.
        members: regions for which the role is priced.
    """

    kinds: tuple[Kind, ...] = KINDS
    two_sided: tuple[str, ...] = ()
    money: tuple[str, ...] | None = None
    step: float | None = None
    coverage: tuple[str, ...] = ()
    concentration: bool = False
    points: float = 5.0
    sooner: tuple[str, ...] = ()
    members: tuple[str, ...] = ()

    def money_of(self, of: Written) -> tuple[str, ...]:
        """What is moved by a finite difference: as requested, or the budget if there is one."""
        if self.money is not None:
            return self.money
        return () if of.case.budget_usd_m is None else ("budget",)


def refuse_security(case: Case) -> None:
    """Refuses the objective ``security``: what its plan makes best is no amount of money.

    Raises:
        InputError: if the case has this objective.
    """
    if case.objective == "security":
        raise InputError.of(
            "should be cost or budget, as with --set objective=cost: a plan of the objective"
            " security makes coverage as large as possible, so it has no prices in money",
            table=case.name,
            column="objective",
            value=case.objective,
        )


def check_request(
    of: Written,
    request: PriceRequest,
    curves: Iterable[str] = (),
    low: float | None = None,
    high: float | None = None,
    points: int = 20,
) -> None:
    """Checks that the case has everything requested, and the sums of money of value curves.

    Raises:
        InputError: with all problems.
    """
    refuse_security(of.case)
    checks: list[Callable[[], object]] = []
    if request.two_sided and set(request.kinds) - {"resolve"}:
        # which items of concentration have a price depends on the plan: here all that could
        found = priced_items(of.instance, of.program, np.ones(len(of.program.cost)))
        checks.append(partial(chosen, found, request.two_sided))
    if "resolve" in request.kinds:
        checks += [partial(money_limit, of, what, request.step) for what in request.money_of(of)]
        checks += [partial(required_coverage, of, one, request.points) for one in request.coverage]
        checks += [partial(moved_cap, of.case, request.points)] * request.concentration
        checks += [partial(sooner, of.tables, project) for project in request.sooner]
        checks += [partial(toggled, of.instance.world, region) for region in request.members]
        if request.concentration or request.sooner or request.members:
            checks.append(partial(refuse_user_rows, of))
    checks += [partial(curve_range, of, what, low, high, points) for what in curves]
    problems: list[Problem] = []
    for check in checks:
        try:
            check()
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)


def chosen(found: Iterable[PricedItem], patterns: tuple[str, ...]) -> frozenset[Name]:
    """What, where and when of the items that match a pattern.

    Raises:
        InputError: if a pattern matches none.
    """
    names = [item.name for item in found]
    wanted: set[Name] = set()
    problems = []
    for pattern in patterns:
        what, _, where = pattern.partition(":")
        matching = {
            name
            for name in names
            if fnmatchcase(name[0], what) and fnmatchcase(name[1], where or "*")
        }
        wanted |= matching
        if not matching:
            known = ", ".join(sorted({name[0] for name in names}))
            message = f"matches no item with a dual; WHAT must be one of {known}"
            problems.append(Problem("prices", "", "two_sided", pattern, message))
    if problems:
        raise InputError(problems)
    return frozenset(wanted)
