"""Every row and cost term has a complete register entry. A new row needs nothing else."""

from __future__ import annotations

import inspect
import math
import string
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyomo.environ as pyo
import pytest
from test_duals import rich, strict
from test_planted import EXPECTED, OTHER_COSTS

from paxsilica.api import Question
from paxsilica.audit import audit
from paxsilica.case import Case
from paxsilica.infeasibility.diagnose import diagnose
from paxsilica.instance import Instance
from paxsilica.model import COSTS, ROWS
from paxsilica.model.investment import committed_by
from paxsilica.model.registry import (
    OWNERS,
    Requirement,
    RowDoc,
    RowPrice,
    Wording,
    add,
    at_most,
    requirement_of,
    row,
    row_with,
    rows_with,
    temporary,
)
from paxsilica.plan.result import Plan
from paxsilica.prices.priced_items import priced_items
from paxsilica.solver import compile_model, resolve
from paxsilica.tables import Tables
from worlds import case, world


def faults(doc: RowDoc) -> Iterator[str]:
    """Fields of an entry that are missing or wrong."""
    for field in ("prose", "latex", "dual", "unit"):
        if not getattr(doc, field).strip():
            yield field
    if doc.owner not in OWNERS:
        yield "owner"
    for one in doc.requirements:
        if not one.words.strip() or "structural" in one.words:
            yield "requirement"
        if not callable(one.holds):
            yield "requirement.holds"
    if isinstance(doc.price, RowPrice):
        if not doc.price.item or not doc.price.unit.startswith(("USD million per", "USD per")):
            yield "price"
        if doc.price.single and not (doc.price.words and doc.price.where):
            yield "price.words"
        if doc.price.undiscounted != doc.price.unit.startswith("USD per"):
            yield "price.undiscounted"
    elif len(doc.price.split()) < 4:
        yield "price"  # no reason is given
    if doc.binding is not None and not doc.binding.strip():
        yield "binding"
    if isinstance(doc.audit, tuple):
        if not doc.audit or not set(doc.audit) <= EXPECTED:
            yield "audit"  # no planted error proves the finding
    elif not callable(doc.audit):
        yield "audit"


@pytest.mark.parametrize("name", ROWS)
def test_the_entry_of_a_row_is_complete(name: str) -> None:
    assert not list(faults(ROWS[name]))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prose", ""),
        ("latex", " "),
        ("dual", ""),
        ("unit", ""),
        ("owner", "somebody"),
        ("requirements", (Requirement(""),)),
        ("price", ""),
        ("price", RowPrice("budget", "", gain=True)),
        ("price", RowPrice("budget", "USD million per USD million", gain=True, single=True)),
        ("binding", ""),
        ("audit", ()),
        ("audit", ("a check that the audit does not have",)),
    ],
)
def test_an_incomplete_entry_is_found(field: str, value: Any) -> None:
    assert list(faults(replace(ROWS["programme_budget"], **{field: value})))


def test_no_field_of_an_entry_has_a_default() -> None:
    fields = inspect.signature(RowDoc).parameters.values()
    assert all(field.default is inspect.Parameter.empty for field in fields)
    needed = {
        name
        for name, parameter in inspect.signature(row).parameters.items()
        if parameter.default is inspect.Parameter.empty and name != "options"
    }
    assert needed == {"over", "latex", "dual", "requirement", "unit", "price", "audit"}


@pytest.mark.parametrize("name", COSTS)
def test_the_entry_of_a_cost_term_is_complete(name: str) -> None:
    doc = COSTS[name]
    assert doc.prose
    assert doc.latex
    assert doc.owner in OWNERS
    assert doc.unit == "USD million"
    assert doc.audit in EXPECTED
    assert name in OTHER_COSTS


def test_every_template_can_be_filled_in() -> None:
    seen = set()
    rows = [(one, row) for one in (rich()[0], strict()) for row in one.program.row_names]
    for model, (family, index) in rows:
        wording, doc = Wording(model.instance), ROWS[family]
        names = wording.names(family, index)
        price = doc.price
        templates = [one.words for one in doc.requirements]
        templates += [price.words, price.where] if isinstance(price, RowPrice) else []
        for template in templates:
            filled = template.format_map(names)
            assert "{" not in filled
            assert filled or not template
        seen.add(family)
        if {field for text in templates for _, field, _, _ in string.Formatter().parse(text)}:
            assert wording.requirements(family, index) is not None
    assert seen == set(ROWS)


def test_requirements_are_in_the_words_of_the_tables() -> None:
    built, _ = rich()
    assert requirement_of("programme_budget", "programme", built.instance) == (
        "the budget of USD 70 million"
    )
    assert requirement_of("funder_annual_limit", ("g", 2031), built.instance) == (
        "no more than g can pay"
    )
    assert requirement_of("commit_once", ("large", 2031), built.instance) is None
    # coverage is soft in this case: a share that is missed is paid for
    state = next(name for name, one in built.instance.states.items() if one.coverage_test)
    assert requirement_of("production_coverage", ("metal", state), built.instance) is None


def test_queries_find_rows_by_their_entries() -> None:
    assert row_with(item="envelope") == "funder_envelope"
    assert set(rows_with(owner="limits")) == {
        "limit_on_plants",
        "limit_on_operation",
        "limit_over_years",
    }
    assert "commodity_balance" in rows_with(removal="demand")
    with pytest.raises(KeyError, match="3 row families"):
        row_with(item="coverage")


PROCESS, MOST = "smelt", 1


def audited_cap(plan: Plan, tables: Tables, case: Case) -> Iterator[tuple[Any, ...]]:
    chosen = int((plan.tables["portfolio"]["process"] == PROCESS).sum())
    yield [PROCESS], -math.inf, chosen, MOST


@pytest.fixture
def toy() -> Iterator[Any]:
    """A row family that is registered for one test: a cap on the projects of one process."""
    with temporary():

        @row(
            owner="investment",
            over=lambda instance: [(PROCESS,)],
            latex=r"\sum_{p} y_{p,T} \le 1",
            dual="USD million of cost per further project of the process; zero or negative",
            requirement="no more than one project of the process {process}",
            unit="projects",
            price=RowPrice(
                "projects of a process",
                "USD million per project",
                gain=True,
                words="the cap on {process}",
                where="{process}",
                single=True,
                shown=True,
            ),
            binding="projects of a process",
            audit=audited_cap,
        )
        def process_cap(model: pyo.ConcreteModel, instance: Instance, process: str) -> Any:
            """No more than one project of the process is committed."""
            terms = [
                term
                for one in instance.candidates.values()
                if one.process == process
                for term in committed_by(model, one, instance.years[-1])
            ]
            return at_most(model, terms, MOST)

        yield process_cap
    assert "process_cap" not in ROWS


def smelters(demand: float) -> Question:
    """Metal comes from two projects of 5 each, for 10 and 12 USD million, and from nowhere else."""
    tables = world(
        {"smelt": "-> metal"},
        projects={
            "one": {"process": "smelt", "size": 5.0, "capex_usd_m": 10.0},
            "two": {"process": "smelt", "size": 5.0, "capex_usd_m": 12.0},
        },
        commodities={"metal": {"shortage_price_usd_per_unit": None}},
        demand={("A", "metal"): demand},
    )
    return Question(tables, case())


def with_toy(question: Question, toy: Any) -> pyo.ConcreteModel:
    model = question.model()
    add(model, model.instance, toy)
    return model


def test_a_new_row_is_priced_listed_and_audited_by_its_entry_alone(toy: Any) -> None:
    question = smelters(4)
    model = with_toy(question, toy)
    plan = question.solve(model=model)
    assert list(plan.tables["portfolio"]["project"]) == ["one"]
    assert not audit(plan, question.tables, question.case)
    assert plan.tables["binding"].iloc[0].tolist() == [
        "projects of a process", "smelt", None, 1.0, 1.0, "projects",
    ]  # fmt: skip
    items = priced_items(model.instance, compile_model(model), compile_model(model).cost)
    assert ("projects of a process", "smelt", None) in {item.name for item in items}


def test_the_audit_finds_a_plan_that_breaks_a_new_row(toy: Any) -> None:
    question = smelters(8)
    broken = question.solve()  # the model without the row: both projects are committed
    found = audit(broken, question.tables, question.case)
    assert [(one.what, one.where, one.claimed, one.recomputed) for one in found] == [
        ("process_cap", "smelt", 2, 1)
    ]


def test_the_diagnosis_names_a_new_row_in_its_registered_words(
    toy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = resolve.build

    def with_row(instance: Instance) -> pyo.ConcreteModel:
        model = plain(instance)
        add(model, instance, toy)
        return model

    monkeypatch.setattr(resolve, "build", with_row)
    question = smelters(8)
    assert question.solve(model=with_toy(question, toy)).status == "infeasible"
    found = diagnose(question.tables, question.case).conflicts
    assert [set(one.requirements) for one in found] == [
        {"no more than one project of the process smelt", "all demand for metal served"}
    ]
    assert found[0].smallest
