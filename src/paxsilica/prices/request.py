"""Which prices are requested, and the checks of a request. A check needs no search, so that a wrong
request fails at once, with all its problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from paxsilica.errors import InputError, Problem
from paxsilica.prices.commodity_prices import goods
from paxsilica.prices.finite_difference import (
    money_limit,
    moved_cap,
    required_coverage,
    sooner,
    toggled,
)
from paxsilica.prices.priced_items import Name, Subject, subjects
from paxsilica.prices.table import KINDS, Kind
from paxsilica.prices.value_curve import curve_range
from paxsilica.solver.resolve import Written


@dataclass(frozen=True)
class PriceRequest:
    """Which prices are requested.

    Attributes:
        kinds: of price.
        two_sided: items whose left and right dual values are computed besides those of money,
            coverage and concentration, each as ``WHAT`` or ``WHAT:WHERE``, with ``*`` and ``?`` as
            wildcards; it takes about a tenth of a second each.
        money: what is moved by a finite difference: ``budget`` and funders; ``None``: the budget,
            if there is one.
        step: USD million by which it is moved; ``None``: see
            :func:`paxsilica.prices.finite_difference.default_step`.
        coverage: stages whose required coverage is moved by ``points`` percentage points.
        concentration: whether the cap on a region's share is moved by ``points``.
        points: percentage points.
        sooner: projects whose lead time is shortened by a year.
        members: regions for which being trusted is priced.
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


def check_request(
    of: Written,
    request: PriceRequest,
    curves: Iterable[str] = (),
    low: float | None = None,
    high: float | None = None,
    points: int = 20,
) -> None:
    """Checks that the case has everything requested.

    Args:
        of: the case.
        request: which prices.
        curves: the sums of money of which value curves are requested, from ``low`` to ``high`` with
            so many ``points``.

    Raises:
        InputError: with all problems.
    """
    problems: list[Problem] = []

    def check(test: Callable[..., object], *arguments: Any) -> None:
        try:
            test(*arguments)
        except InputError as error:
            problems.extend(error.problems)

    if request.two_sided and set(request.kinds) - {"resolve"}:
        # which items of concentration have a price depends on the plan: here all that could
        found = [
            *subjects(of.instance, of.program, np.ones(len(of.program.cost))),
            *goods(of.instance, of.program),
        ]
        check(chosen, found, request.two_sided)
    if "resolve" in request.kinds:
        for what in request.money_of(of):
            check(money_limit, of, what, request.step)
        for stage in request.coverage:
            check(required_coverage, of, stage, request.points)
        if request.concentration:
            check(moved_cap, of.case, request.points)
        for project in request.sooner:
            check(sooner, of.tables, project)
        for region in request.members:
            check(toggled, of.instance.world, region)
    for what in curves:
        check(curve_range, of, what, low, high, points)
    if problems:
        raise InputError(problems)


def chosen(found: Iterable[Subject], patterns: tuple[str, ...]) -> frozenset[Name]:
    """What, where and when of the items that match a pattern.

    Raises:
        InputError: if a pattern matches none.
    """
    names = [subject.name for subject in found]
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
            message = f"fits nothing that has a dual here; WHAT is one of {known}"
            problems.append(Problem("prices", "", "two_sided", pattern, message))
    if problems:
        raise InputError(problems)
    return frozenset(wanted)
