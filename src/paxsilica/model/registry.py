"""The register of variables, rows and cost terms, and the small language in which rows are written.

Each row family and each cost term has one entry. Prices, the diagnosis of infeasible cases, the
audit, studies and the formulation page read this register and know no row by its name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict, Unpack

import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression

from paxsilica.instance import Instance

Index = tuple[Any, ...]
Terms = list[tuple[float, Any]]
"""(coefficient, variable) pairs; a sum."""

Rule = Callable[..., Any]

USER = "user:"
"""Prefix of the names of rows and variables that a user added to the model."""


@dataclass(frozen=True)
class VariableDoc:
    """A family of decision variables."""

    name: str
    symbol: str
    index: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Requirement:
    """What the user requires by a row.

    Attributes:
        words: template that takes the names of :class:`Wording`, such as
            ``"the coverage of {stage_name}"``.
        removal: how the requirement is taken out of a program. ``row``: both sides of the row
            become infinite. ``demand``: the demand in the row may go unserved. ``surplus``: the
            equation becomes a lower bound.
        holds: whether the row with this index is a requirement in the instance; a soft row is not.
    """

    words: str
    removal: Literal["row", "demand", "surplus"] = "row"
    holds: Callable[..., bool] = lambda instance, *index: True


@dataclass(frozen=True)
class RowPrice:
    """The priced item of a row.

    Attributes:
        item: name in the table of prices.
        unit: of the price.
        gain: whether one more of the item lowers the objective (a limit) or raises it (a
            requirement); ``None`` if the sense of the row decides.
        words: the item in words, a template as for a requirement.
        where: place of the item, a template; its year is the year in the index of the row.
        single: whether one unit more on the right-hand side of one row is one unit more of the
            item. Other items move several rows and are formed in ``prices/``.
        shown: whether the item is listed with a price of zero too.
        undiscounted: whether the price is in money of its year; otherwise in USD million of the
            objective.
    """

    item: str
    unit: str
    gain: bool | None
    words: str = ""
    where: str = ""
    single: bool = False
    shown: bool = False
    undiscounted: bool = False


AuditCheck = Callable[[Any, Any, Any], Iterable[tuple[Sequence[Any], float, float, float]]]
"""``(plan, tables, case)`` to ``(where, low, value, high)`` for each row of the family, recomputed
from the tables of the plan and the data alone; an absent side is infinite."""


@dataclass(frozen=True)
class RowDoc:
    """The entry of a row family.

    Attributes:
        name: of the function that writes the row.
        owner: module that the row belongs to, a key of :data:`OWNERS`.
        prose: what the row says.
        latex: its formula.
        dual: meaning and sign of its dual.
        requirements: what the user requires by it; empty for a structural row.
        unit: of its activity.
        price: its priced item, or the reason why it has none.
        money: whether it limits what may be paid, not what is built.
        one_project: whether each row of the family has columns of one project alone.
        binding: label in the table ``binding``, or ``None`` if it is not listed there.
        audit: names of the audit findings that recompute it, or a function that does.
        over: index of the rows in an instance.
        rule: function that writes a row.
    """

    name: str
    owner: str
    prose: str
    latex: str
    dual: str
    requirements: tuple[Requirement, ...]
    unit: str
    price: RowPrice | str
    money: bool
    one_project: bool
    binding: str | None
    audit: tuple[str, ...] | AuditCheck
    over: Callable[[Instance], Iterable[Index]]
    rule: Rule

    @property
    def item(self) -> str | None:
        """Name of the priced item, or ``None``."""
        return self.price.item if isinstance(self.price, RowPrice) else None

    @property
    def index_names(self) -> tuple[str, ...]:
        """Names of the parts of the index, from the parameters of the rule."""
        return tuple(
            name.removesuffix("_name") for name in list(inspect.signature(self.rule).parameters)[2:]
        )


@dataclass(frozen=True)
class TermDoc:
    """The entry of a cost term.

    Attributes:
        name: of the function that writes the term.
        owner: module of rows whose decisions it prices.
        prose: what is summed.
        latex: its formula.
        unit: of its value.
        audit: name of the audit finding that recomputes it.
        preference: whether it weighs a preference; it is then part of what is minimised, and of no
            cost.
        rule: function that writes the term.
    """

    name: str
    owner: str
    prose: str
    latex: str
    unit: str
    audit: str
    preference: bool
    rule: Callable[[pyo.ConcreteModel, Instance], Cost]


@dataclass
class Cost:
    """Value of a cost term in USD million: a sum of variables and a constant."""

    terms: Terms = field(default_factory=list)
    constant: float = 0.0


VARIABLES: dict[str, VariableDoc] = {}
ROWS: dict[str, RowDoc] = {}
COSTS: dict[str, TermDoc] = {}

OWNERS = {
    "investment": "What is committed, when, and how large",
    "closings": "Which existing plants are closed or mothballed",
    "funding": "Who pays",
    "support": "Operating support",
    "operation": "How plants run and goods move",
    "returns": "Goods that come back after use",
    "security": "Readiness, coverage and concentration",
    "storage": "Stores",
    "limits": "Limits of the table `limits`",
}
"""Owners of rows and cost terms in the order of the formulation page, with their headings."""


def variable(name: str, symbol: str, index: str, unit: str, meaning: str) -> None:
    """Registers a family of variables."""
    VARIABLES[name] = VariableDoc(name, symbol, index, unit, meaning)


class RowOptions(TypedDict, total=False):
    """Fields of an entry that most rows leave out; the owner is then the module of the function."""

    owner: str
    money: bool
    one_project: bool
    binding: str


def row(
    *,
    over: Callable[[Instance], Iterable[Index]],
    latex: str,
    dual: str,
    requirement: str | Requirement | tuple[Requirement, ...],
    unit: str,
    price: RowPrice | str,
    audit: str | tuple[str, ...] | AuditCheck,
    **options: Unpack[RowOptions],
) -> Callable[[Rule], Rule]:
    """Marks a function ``(model, instance, *index) -> relation`` as the definition of a row family
    with the name of the function. The arguments are the fields of :class:`RowDoc`; ``requirement``
    is a template, entries, or the literal ``"structural"``."""
    if isinstance(requirement, tuple):
        required = requirement
    elif isinstance(requirement, Requirement):
        required = (requirement,)
    else:
        required = () if requirement == "structural" else (Requirement(requirement),)

    def register(rule: Rule) -> Rule:
        ROWS[rule.__name__] = RowDoc(
            name=rule.__name__,
            owner=options.get("owner") or rule.__module__.rpartition(".")[2],
            prose=" ".join((rule.__doc__ or "").split()),
            latex=latex,
            dual=dual,
            requirements=required,
            unit=unit,
            price=price,
            money=options.get("money", False),
            one_project=options.get("one_project", False),
            binding=options.get("binding"),
            audit=(audit,) if isinstance(audit, str) else audit,
            over=over,
            rule=rule,
        )
        return rule

    return register


def cost(
    *,
    latex: str,
    owner: str,
    unit: str = "USD million",
    audit: str = "term of cost",
    preference: bool = False,
) -> Callable[
    [Callable[[pyo.ConcreteModel, Instance], Cost]], Callable[[pyo.ConcreteModel, Instance], Cost]
]:
    """Marks a function ``(model, instance) -> Cost`` as the definition of a cost term with the name
    of the function."""

    def register(
        rule: Callable[[pyo.ConcreteModel, Instance], Cost],
    ) -> Callable[[pyo.ConcreteModel, Instance], Cost]:
        prose = " ".join((rule.__doc__ or "").split())
        COSTS[rule.__name__] = TermDoc(
            rule.__name__, owner, prose, latex, unit, audit, preference, rule
        )
        return rule

    return register


@contextmanager
def temporary() -> Iterator[None]:
    """Entries that are made inside are removed at the end."""
    rows, costs = dict(ROWS), dict(COSTS)
    try:
        yield
    finally:
        for register, before in ((ROWS, rows), (COSTS, costs)):
            for name in set(register) - set(before):
                del register[name]


def rows_with(**fields: Any) -> tuple[str, ...]:
    """Names of the row families whose entries have these values.

    Args:
        fields: names and values of attributes of :class:`RowDoc`; ``removal`` finds rows with a
            requirement that is removed in this way.

    >>> from paxsilica.model.registry import rows_with
    >>> rows_with(item="budget"), rows_with(owner="storage")
    (('programme_budget',), ('stock_draw_limit',))
    """
    removal = fields.pop("removal", None)
    return tuple(
        name
        for name, doc in ROWS.items()
        if all(getattr(doc, key) == value for key, value in fields.items())
        and (removal is None or any(one.removal == removal for one in doc.requirements))
    )


def row_with(**fields: Any) -> str:
    """Name of the only row family whose entry has these values; see :func:`rows_with`.

    Raises:
        KeyError: if there is none or more than one.
    """
    found = rows_with(**fields)
    if len(found) != 1:
        raise KeyError(f"{len(found)} row families have {fields}: {', '.join(found)}")
    return found[0]


def parts_of(index: Any) -> Index:
    """The parts of an index; the index of a row with one part is that part itself."""
    return index if isinstance(index, tuple) else (index,)


class Wording:
    """Rows in words.

    Templates may name the parts of the index (``{project}``, ``{funder}``, ``{region}``,
    ``{commodity}``, ``{limit}``, ``{state}``), and ``{year}``, ``{funder_name}``,
    ``{commodity_name}``, ``{stage_name}``, ``{timing}`` (of the annual limit of a funder),
    ``{budget}`` and ``{max_share}``.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.commodities = {row.commodity: row for row in instance.tables.commodities}
        self.stages = {row.stage: row.name for row in instance.tables.stages}

    def names(self, family: str, index: Any) -> dict[str, Any]:
        """What the templates of a row may name."""
        instance, doc = self.instance, ROWS[family]
        found: dict[str, Any] = dict(zip(doc.index_names, parts_of(index), strict=True))
        if "state" in found:
            found["year"] = instance.states[found["state"]].year
        if "commodity" in found:
            commodity = self.commodities[found["commodity"]]
            found["commodity_name"] = commodity.name
            found["stage_name"] = self.stages.get(commodity.stage or "", "")
        if "funder" in found and instance.funding is not None:
            funder = instance.funding.funders[found["funder"]]
            found["funder_name"] = funder.title
            found["timing"] = "by the end of" if funder.carry_over else "in"
        if instance.case.budget_usd_m is not None:
            found["budget"] = f"{instance.case.budget_usd_m:,.10g}"
        if instance.case.concentration is not None:
            found["max_share"] = f"{instance.case.concentration.max_share:.0%}"
        return found

    def requirements(self, family: str, index: Any) -> list[tuple[Requirement, str]]:
        """The requirements that a row carries in this instance, with their words. A row that a user
        added is one requirement."""
        if family.startswith(USER):
            words = f"the constraint {family.removeprefix(USER)} of the user"
            return [(Requirement(words), words)]
        found = [
            one for one in ROWS[family].requirements if one.holds(self.instance, *parts_of(index))
        ]
        names: Mapping[str, Any] = self.names(family, index) if found else {}
        return [(one, one.words.format_map(names)) for one in found]


def requirement_of(family: str, index: Any, instance: Instance) -> str | None:
    """The first requirement of a row in words, or ``None`` for a structural or soft row."""
    found = Wording(instance).requirements(family, index)
    return found[0][1] if found else None


def add(model: pyo.ConcreteModel, instance: Instance, rule: Rule) -> None:
    """Adds the rows that ``rule`` defines to ``model``, one for each index that its register entry
    names."""
    doc = ROWS[rule.__name__]
    index = [key if len(key) > 1 else key[0] for key in doc.over(instance)]
    rows = pyo.Constraint(index, rule=lambda _, *key: rule(model, instance, *key), doc=doc.prose)
    model.add_component(doc.name, rows)


def linear(terms: Sequence[tuple[float, Any]], constant: float = 0.0) -> LinearExpression:
    """The sum of ``terms`` and ``constant``, in the form that costs Pyomo least."""
    return LinearExpression(
        constant=constant,
        linear_coefs=[term[0] for term in terms],
        linear_vars=[term[1] for term in terms],
    )


def _relation(model: pyo.ConcreteModel, low: float | None, terms: Terms, high: float | None) -> Any:
    """A row, each variable in it once. Without a variable it is dropped if it is satisfied, and
    otherwise kept as an infeasible row."""
    terms = gathered(terms)
    if not terms:
        if (low is None or low <= 1e-9) and (high is None or high >= -1e-9):
            return pyo.Constraint.Skip
        terms = [(1.0, model.never)]
    return (low, linear(terms), high)


def gathered(terms: Terms) -> Terms:
    """The same sum with each variable once, and none with coefficient zero; see
    :data:`CANCELLED`."""
    if len({id(var) for _, var in terms}) == len(terms) and all(
        coefficient for coefficient, _ in terms
    ):
        return terms
    sums: dict[int, list[Any]] = {}
    for coefficient, var in terms:
        entry = sums.setdefault(id(var), [0.0, 0.0, var])
        entry[0] += coefficient
        entry[1] += abs(coefficient)
    return [
        (coefficient, var)
        for coefficient, size, var in sums.values()
        if abs(coefficient) > CANCELLED * size
    ]


CANCELLED = 1e-13
"""A sum of coefficients is zero if it is no more than this share of their sizes: the rest is
rounding."""


def at_most(model: pyo.ConcreteModel, terms: Terms, high: float) -> Any:
    """``sum(terms) <= high``."""
    return _relation(model, None, terms, high)


def at_least(model: pyo.ConcreteModel, terms: Terms, low: float) -> Any:
    """``sum(terms) >= low``."""
    return _relation(model, low, terms, None)


def equal(model: pyo.ConcreteModel, terms: Terms, value: float) -> Any:
    """``sum(terms) == value``."""
    return _relation(model, value, terms, value)


def minus(terms: Iterable[tuple[float, Any]]) -> Terms:
    """The terms with opposite signs."""
    return [(-coefficient, var) for coefficient, var in terms]


def times(factor: float, terms: Iterable[tuple[float, Any]]) -> Terms:
    """The terms times ``factor``."""
    return [(factor * coefficient, var) for coefficient, var in terms]
