"""What is asked for and cannot be told: found before the search, which may take minutes, and all of
it at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase

import numpy as np

from paxsilica.case import Case
from paxsilica.errors import InputError, Problem
from paxsilica.instance import Instance
from paxsilica.prices.case_changes import sooner, toggled
from paxsilica.prices.commodity_prices import goods
from paxsilica.prices.finite_difference import (
    Basis,
    Solved,
    money_limit,
    moved_cap,
    required_coverage,
)
from paxsilica.prices.priced_items import Name, Subject, subjects
from paxsilica.prices.request import PriceRequest
from paxsilica.prices.value_curve import curve_range
from paxsilica.solver import Compiled
from paxsilica.tables import Tables


def unsolved(tables: Tables, case: Case, made: tuple[Instance, Compiled]) -> Basis:
    """A case of which nothing is known yet but its program."""
    return Basis(tables, case, *made, Solved(math.inf, -math.inf, None))


def refuse_what_cannot_be_told(
    basis: Basis,
    asked: PriceRequest,
    curves: Iterable[str] = (),
    low: float | None = None,
    high: float | None = None,
    points: int = 20,
) -> None:
    """Raises an InputError with everything asked for that the case does not have; ``basis`` need
    not be solved.

    Args:
        basis: the case.
        asked: which prices.
        curves: whose money value curves are drawn of, from ``low`` to ``high`` with so many
            ``points``.
    """
    problems: list[Problem] = []

    @contextmanager
    def gathered() -> Iterator[None]:
        try:
            yield
        except InputError as error:
            problems.extend(error.problems)

    if asked.sides and set(asked.kinds) - {"resolve"}:
        # what may have a price of concentration hangs on the plan: here all that could
        found = [
            *subjects(basis.instance, basis.program, np.ones(len(basis.program.cost))),
            *goods(basis.instance, basis.program),
        ]
        with gathered():
            chosen(found, asked.sides)
    if "resolve" in asked.kinds:
        for whose in asked.money or ():
            with gathered():
                money_limit(basis, whose, asked.step)
        if asked.money is None and basis.case.budget_usd_m is not None:
            with gathered():
                money_limit(basis, "budget", asked.step)
        for stage in asked.coverage:
            with gathered():
                required_coverage(basis, stage, asked.points)
        if asked.concentration:
            with gathered():
                moved_cap(basis.case, asked.points)
        for project in asked.sooner:
            with gathered():
                sooner(basis.tables, project)
        for region in asked.members:
            with gathered():
                toggled(basis.instance.world, region)
    for whose in curves:
        with gathered():
            curve_range(basis, whose, low, high, points)
    if problems:
        raise InputError(problems)


def chosen(found: Iterable[Subject], patterns: tuple[str, ...]) -> frozenset[Name]:
    """What, where and when of the subjects that fit a pattern.

    Raises:
        InputError: if a pattern fits none.
    """
    names = [subject.name for subject in found]
    wanted: set[Name] = set()
    problems = []
    for pattern in patterns:
        what, _, where = pattern.partition(":")
        fits = {
            name
            for name in names
            if fnmatchcase(name[0], what) and fnmatchcase(name[1], where or "*")
        }
        wanted |= fits
        if not fits:
            known = ", ".join(sorted({name[0] for name in names}))
            problems.append(
                Problem(
                    "prices",
                    "",
                    "sides",
                    pattern,
                    f"fits nothing that has a dual here; WHAT is one of {known}",
                )
            )
    if problems:
        raise InputError(problems)
    return frozenset(wanted)
