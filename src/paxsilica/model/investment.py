"""Commitments of projects, their years and sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import pyomo.environ as pyo

from paxsilica.instance import Candidate, Instance
from paxsilica.instance.projects import differences
from paxsilica.model.registry import Terms, at_least, at_most, equal, row
from paxsilica.model.variables import commitment_index, scale_index, size_index, step_index

INTEGER = "a yes-or-no decision; its value is found by solving again"
SIZE = "the row defines a size; capacity is priced where it runs"


class Decisions(Protocol):
    """The decisions on projects: the variables of a model, or their values in a plan."""

    @property
    def committed(self) -> Mapping[tuple[str, int], Any]:
        """By project and year."""

    @property
    def added_size(self) -> Mapping[tuple[str, int], Any]:
        """By project and year."""

    @property
    def size_beyond(self) -> Mapping[tuple[str, int, int], Any]:
        """By project, part and year."""


def committed_by(model: pyo.ConcreteModel, candidate: Candidate, year: int) -> Terms:
    """The decision whether the project is committed by ``year``; empty if it cannot be by then."""
    past = [v for v in candidate.window if v <= year]
    return [(1.0, model.committed[candidate.name, past[-1]])] if past else []


def size_terms(decisions: Decisions, candidate: Candidate, year: int, factor: float = 1.0) -> Terms:
    """Size of the project in service in ``year`` if it is completed on time, times ``factor``:
    ramped, smallest size and what is added above it."""
    return _in_service(decisions, candidate, candidate.availability, year, factor)


def capacity_terms(
    decisions: Decisions, candidate: Candidate, year: int, factor: float = 1.0
) -> Terms:
    """Credited capacity of the project in ``year``, times ``factor``: the expected size in service,
    each addition with its own delay and ramp."""
    return _in_service(decisions, candidate, candidate.credited_availability, year, factor)


def _in_service(
    decisions: Decisions,
    candidate: Candidate,
    shares: Callable[[int, tuple[int, ...]], dict[int, float]],
    year: int,
    factor: float,
) -> Terms:
    base = factor * candidate.smallest
    terms: Terms = [
        (base * share, decisions.committed[candidate.name, v])
        for v, share in shares(year, candidate.window).items()
        if base
    ]
    terms += [
        (factor * share, decisions.added_size[candidate.name, v])
        for v, share in shares(year, candidate.size_years).items()
        if factor
    ]
    return terms


def spend_terms(decisions: Decisions, candidate: Candidate, year: int) -> Terms:
    """Capital of the project, USD million, that falls due in ``year``."""
    terms: Terms = [
        (amount, decisions.committed[candidate.name, v])
        for v, amount in candidate.spend[year].items()
    ]
    terms += [
        (amount, decisions.added_size[candidate.name, v])
        for v, amount in candidate.spend_on_size[year].items()
    ]
    terms += [
        (-amount, decisions.size_beyond[candidate.name, part, v])
        for part in range(len(candidate.scale))
        for v, amount in candidate.saved_on_size(part, year).items()
    ]
    return terms


def capital_parts(
    decisions: Decisions, candidate: Candidate
) -> list[tuple[tuple[int, ...], Mapping[int, float], Mapping[int, Any]]]:
    """The parts of the capital of a project: years of decision, USD million per unit by year of
    commitment, and the cumulative decisions by year: the commitment, size above the smallest, and
    size beyond the sizes from which on a unit costs less."""
    name = candidate.name
    sized = candidate.size_years
    return [
        (
            candidate.window,
            candidate.capex,
            {v: decisions.committed[name, v] for v in candidate.window},
        ),
        (sized, candidate.capex_per_unit, {v: decisions.added_size[name, v] for v in sized}),
        *(
            (
                sized,
                {v: -amount for v, amount in candidate.saving(part).items()},
                {v: decisions.size_beyond[name, part, v] for v in sized},
            )
            for part in range(len(candidate.scale))
        ),
    ]


def capital_terms(model: pyo.ConcreteModel, candidate: Candidate, year: int) -> Terms:
    """Capital of the project, USD million, that is committed by ``year``, whenever it falls due."""
    return [
        (amount, variables[v])
        for of, price, variables in capital_parts(model, candidate)
        for v, amount in candidate.capital_committed(year, of, price).items()
    ]


def fixed_cost_terms(decisions: Decisions, candidate: Candidate, year: int) -> Terms:
    """Expected fixed cost of the project in ``year``, USD million."""
    terms: Terms = []
    for of, cost, variables in (
        (candidate.window, candidate.fixed_cost[year], decisions.committed),
        (candidate.size_years, candidate.fixed_cost_per_unit[year], decisions.added_size),
    ):
        if cost:
            shares = candidate.in_service(year, of)
            terms += [(cost * one, variables[candidate.name, v]) for v, one in shares.items()]
    return terms


def owner_charge_terms(decisions: Decisions, candidate: Candidate, year: int) -> Terms:
    """Expected annuity of the owner's capital in ``year`` at the owner's rate, USD million."""
    return [
        (amount, variables[v])
        for of, price, variables in capital_parts(decisions, candidate)
        for v, amount in candidate.owner_charges(year, of, price).items()
    ]


def obligation_terms(decisions: Decisions, candidate: Candidate) -> Terms:
    """Annuities of the project after the last year of the case, undiscounted, USD million."""
    return [
        (amount, variables[v])
        for of, price, variables in capital_parts(decisions, candidate)
        for v, amount in differences(
            of, {v: price[v] * candidate.obligation(v) for v in of}
        ).items()
    ]


def _after_first(instance: Instance) -> list[tuple[str, int]]:
    return [(p, t) for p, t in commitment_index(instance) if t > instance.candidates[p].window[0]]


@row(
    over=_after_first,
    latex=r"y_{p,t} \ge y_{p,t-1}",
    dual=(
        "USD million of cost that would be saved if a unit of the commitment could be undone after"
        " year t-1; zero or positive"
    ),
    requirement="structural",
    unit="commitments",
    one_project=True,
    price="the row defines a commitment; the decision has no market",
    audit="project committed once",
)
def commit_once(model: pyo.ConcreteModel, instance: Instance, project: str, year: int) -> Any:
    """A commitment is permanent, so that a project is committed at most once."""
    return at_least(
        model,
        [(1.0, model.committed[project, year]), (-1.0, model.committed[project, year - 1])],
        0.0,
    )


@row(
    over=lambda instance: [
        (name,) for name, candidate in instance.candidates.items() if candidate.required
    ],
    latex=r"y_{p,T} \ge 1",
    dual="USD million of cost that the duty to commit the project causes; zero or positive",
    requirement="the commitment to {project}",
    unit="commitments",
    one_project=True,
    price=INTEGER,
    audit="required project",
)
def required_commitment(model: pyo.ConcreteModel, instance: Instance, project: str) -> Any:
    """A project that the data requires is committed by the end of its window."""
    return at_least(
        model, committed_by(model, instance.candidates[project], instance.years[-1]), 1.0
    )


@row(
    over=size_index,
    latex=r"e_{p,t} \le (\overline{S}_p - \underline{S}_p)\, y_{p,t}",
    dual=(
        "USD million of cost per unit of size that the project may be larger than its largest size;"
        " zero or negative"
    ),
    requirement="structural",
    unit="units of activity per year",
    one_project=True,
    price=SIZE,
    audit="largest size",
)
def size_needs_commitment(
    model: pyo.ConcreteModel, instance: Instance, project: str, year: int
) -> Any:
    """Only a committed project has size above the smallest, up to its largest size."""
    candidate = instance.candidates[project]
    room = candidate.largest - candidate.smallest
    return at_most(
        model,
        [
            (1.0, model.added_size[project, year]),
            *((-room * one, var) for one, var in committed_by(model, candidate, year)),
        ],
        0.0,
    )


@row(
    over=lambda instance: [
        (p, t) for p, t in size_index(instance) if t > instance.candidates[p].size_years[0]
    ],
    latex=r"e_{p,t} \ge e_{p,t-1}",
    dual=(
        "USD million of cost that would be saved per unit of size if the plant could shrink after"
        " year t-1; zero or positive"
    ),
    requirement="structural",
    unit="units of activity per year",
    one_project=True,
    price=SIZE,
    audit="size added",
)
def size_never_shrinks(
    model: pyo.ConcreteModel, instance: Instance, project: str, year: int
) -> Any:
    """A committed size is permanent."""
    return at_least(
        model,
        [(1.0, model.added_size[project, year]), (-1.0, model.added_size[project, year - 1])],
        0.0,
    )


@row(
    over=lambda instance: [
        (p, t)
        for p, t in size_index(instance)
        if not instance.candidates[p].expandable and t > instance.candidates[p].window[0]
    ],
    latex=r"\Delta e_{p,t} \le (\overline{S}_p - \underline{S}_p)\, \Delta y_{p,t}",
    dual=(
        "USD million of cost per unit of size that may be added in a year other than that of the"
        " commitment; zero or negative"
    ),
    requirement="structural",
    unit="units of activity per year",
    one_project=True,
    price=SIZE,
    audit="size added after the commitment",
)
def size_set_at_commitment(
    model: pyo.ConcreteModel, instance: Instance, project: str, year: int
) -> Any:
    """A project that is not expandable gets its whole size in the year of its commitment."""
    room = instance.candidates[project].largest - instance.candidates[project].smallest
    terms = [
        (1.0, model.added_size[project, year]),
        (-1.0, model.added_size[project, year - 1]),
        (-room, model.committed[project, year]),
        (room, model.committed[project, year - 1]),
    ]
    return at_most(model, terms, 0.0)


@row(
    over=step_index,
    latex=r"e_{p,t} = \overline{\sigma}_p\, \nu_{p,t}",
    dual=(
        "USD million of cost per unit of size that need not be part of a whole step; free, as the"
        " row is an equation"
    ),
    requirement="structural",
    unit="units of activity per year",
    one_project=True,
    price=SIZE,
    audit="size in steps",
)
def size_in_steps(model: pyo.ConcreteModel, instance: Instance, project: str, year: int) -> Any:
    """Size above the smallest comes in whole steps: reactors, lines, modules of one size."""
    step = instance.candidates[project].size_step
    return equal(
        model,
        [(1.0, model.added_size[project, year]), (-step, model.size_steps[project, year])],
        0.0,
    )


def _beyond(side: str) -> str:
    return (
        f"USD million of cost per unit of size {side} the size from which on a unit costs less;"
        " zero or"
    )


@row(
    over=scale_index,
    latex=r"\gamma_{p,i,t} \ge e_{p,t} - \Gamma_{p,i}",
    dual=f"{_beyond('above')} positive",
    requirement="structural",
    unit="units of activity per year",
    one_project=True,
    price=SIZE,
    audit="capital decided",
)
def beyond_at_least(
    model: pyo.ConcreteModel, instance: Instance, project: str, part: int, year: int
) -> Any:
    """Size beyond the size from which on a unit costs less is at least what is above it."""
    start = instance.candidates[project].scale[part][0]
    return at_least(
        model,
        [
            (1.0, model.size_beyond[project, part, year]),
            (-1.0, model.added_size[project, year]),
        ],
        -start,
    )


@row(
    over=scale_index,
    latex=r"\gamma_{p,i,t} \le e_{p,t} - \Gamma_{p,i}\, \iota_{p,i,t}",
    dual=f"{_beyond('below')} negative",
    requirement="structural",
    unit="units of activity per year",
    one_project=True,
    price=SIZE,
    audit="capital decided",
)
def beyond_at_most(
    model: pyo.ConcreteModel, instance: Instance, project: str, part: int, year: int
) -> Any:
    """Units cost less only beyond a size that is reached: economies of scale are no gift to small
    plants."""
    start = instance.candidates[project].scale[part][0]
    return at_most(
        model,
        [
            (1.0, model.size_beyond[project, part, year]),
            (-1.0, model.added_size[project, year]),
            (start, model.size_reached[project, part, year]),
        ],
        0.0,
    )


@row(
    over=scale_index,
    latex=(r"\gamma_{p,i,t} \le (\overline{S}_p - \underline{S}_p - \Gamma_{p,i})\, \iota_{p,i,t}"),
    dual=f"{_beyond('beyond')} negative",
    requirement="structural",
    unit="units of activity per year",
    one_project=True,
    price=SIZE,
    audit="capital decided",
)
def beyond_when_reached(
    model: pyo.ConcreteModel, instance: Instance, project: str, part: int, year: int
) -> Any:
    """There is size beyond the size from which on a unit costs less only if that is reached."""
    candidate = instance.candidates[project]
    room = candidate.largest - candidate.smallest - candidate.scale[part][0]
    return at_most(
        model,
        [
            (1.0, model.size_beyond[project, part, year]),
            (-room, model.size_reached[project, part, year]),
        ],
        0.0,
    )


def _exclusive_groups(instance: Instance) -> list[tuple[str]]:
    return [
        (group,)
        for group in sorted(
            {
                c.exclusive_group
                for c in instance.candidates.values()
                if c.exclusive_group is not None
            }
        )
    ]


@row(
    over=_exclusive_groups,
    latex=r"\sum_{p \in \mathcal{X}} y_{p,T} \le 1",
    dual=(
        "USD million of cost per further project of the group that may be committed; zero or"
        " negative"
    ),
    requirement="at most one project of the group {group}",
    unit="projects",
    price=INTEGER,
    binding="exclusive group",
    audit="exclusive group",
)
def exclusive_group(model: pyo.ConcreteModel, instance: Instance, group: str) -> Any:
    """Of the projects of an exclusive group at most one is committed."""
    members = [
        candidate
        for candidate in instance.candidates.values()
        if candidate.exclusive_group == group
    ]
    return at_most(
        model,
        [
            term
            for candidate in members
            for term in committed_by(model, candidate, instance.years[-1])
        ],
        1.0,
    )


def _prerequisites(instance: Instance) -> list[tuple[str, str, int]]:
    return [
        (p, other, t)
        for p, t in commitment_index(instance)
        for other in instance.candidates[p].prerequisites
    ]


@row(
    over=_prerequisites,
    latex=r"y_{p,t} \le y_{p',t}",
    dual=(
        "USD million of cost per unit of the project that may be committed without its"
        " prerequisite; zero or negative"
    ),
    requirement="structural",
    unit="commitments",
    price=INTEGER,
    audit="prerequisite",
)
def prerequisite(
    model: pyo.ConcreteModel, instance: Instance, project: str, other: str, year: int
) -> Any:
    """A project is committed only with its prerequisite or after it: phases of a site, a mine
    before its refinery."""
    earlier = committed_by(model, instance.candidates[other], year)
    return at_most(
        model, [(1.0, model.committed[project, year]), *((-one, var) for one, var in earlier)], 0.0
    )
