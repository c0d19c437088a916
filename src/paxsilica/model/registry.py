"""The small language in which rows, variables and cost terms are written, and the registers that
the formulation page is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression

from paxsilica.instance import Instance

Index = tuple[Any, ...]
Terms = list[tuple[float, Any]]
"""(coefficient, variable) pairs; a sum."""

Rule = Callable[..., Any]


@dataclass(frozen=True)
class VariableDoc:
    """A family of decision variables."""

    name: str
    symbol: str
    index: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class RowDoc:
    """A family of rows: one function, one formula, one meaning of the dual."""

    name: str
    family: str
    prose: str
    latex: str
    dual: str
    over: Callable[[Instance], Iterable[Index]]
    rule: Rule


@dataclass(frozen=True)
class TermDoc:
    """A term of cost: what is summed, and how."""

    name: str
    prose: str
    latex: str
    rule: Callable[[pyo.ConcreteModel, Instance], Cost]


@dataclass
class Cost:
    """Value of a cost term in USD million: a sum of variables and a constant."""

    terms: Terms = field(default_factory=list)
    constant: float = 0.0


VARIABLES: dict[str, VariableDoc] = {}
ROWS: dict[str, RowDoc] = {}
COSTS: dict[str, TermDoc] = {}


def variable(name: str, symbol: str, index: str, unit: str, meaning: str) -> str:
    """Registers a family of variables and returns its name in code."""
    VARIABLES[name] = VariableDoc(name, symbol, index, unit, meaning)
    return name


def row(
    *, over: Callable[[Instance], Iterable[Index]], latex: str, dual: str
) -> Callable[[Rule], Rule]:
    """Marks a function ``(model, instance, *index) -> relation`` as the definition of a family of
    rows, named like the function."""

    def register(rule: Rule) -> Rule:
        prose = " ".join((rule.__doc__ or "").split())
        family = rule.__module__.rpartition(".")[2]
        ROWS[rule.__name__] = RowDoc(rule.__name__, family, prose, latex, dual, over, rule)
        return rule

    return register


def cost(
    *, latex: str
) -> Callable[
    [Callable[[pyo.ConcreteModel, Instance], Cost]], Callable[[pyo.ConcreteModel, Instance], Cost]
]:
    """Marks a function ``(model, instance) -> Cost`` as the definition of a cost term, named like
    the function."""

    def register(
        rule: Callable[[pyo.ConcreteModel, Instance], Cost],
    ) -> Callable[[pyo.ConcreteModel, Instance], Cost]:
        COSTS[rule.__name__] = TermDoc(
            rule.__name__, " ".join((rule.__doc__ or "").split()), latex, rule
        )
        return rule

    return register


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
    """A row, each variable in it once. Without a variable it is dropped if it holds, and kept as
    one that nothing satisfies if not."""
    terms = gathered(terms)
    if not terms:
        if (low is None or low <= 1e-9) and (high is None or high >= -1e-9):
            return pyo.Constraint.Skip
        terms = [(1.0, model.never)]
    return (low, linear(terms), high)


def gathered(terms: Terms) -> Terms:
    """The same sum with each variable once, and none with coefficient zero."""
    if len({id(var) for _, var in terms}) == len(terms) and all(
        coefficient for coefficient, _ in terms
    ):
        return terms
    sums: dict[int, list[Any]] = {}
    for coefficient, var in terms:
        entry = sums.setdefault(id(var), [0.0, var])
        entry[0] += coefficient
    return [(coefficient, var) for coefficient, var in sums.values() if coefficient]


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
    """The terms with their signs turned."""
    return [(-coefficient, var) for coefficient, var in terms]


def times(factor: float, terms: Iterable[tuple[float, Any]]) -> Terms:
    """The terms times ``factor``."""
    return [(factor * coefficient, var) for coefficient, var in terms]
