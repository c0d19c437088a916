"""The page: one HTML file that shows a plan, or two side by side, and loads nothing from a
network."""

from __future__ import annotations

from typing import Any

import jinja2

from paxsilica.model.costs import coverage_shortfall, operating_support
from paxsilica.report.answer import money
from paxsilica.report.page.side import make_side
from paxsilica.report.rounding import covered, required
from paxsilica.report.views.comparison import differences
from paxsilica.report.views.named_plan import NamedPlan
from paxsilica.report.views.portfolio import totals
from paxsilica.report.wording import count, number
from paxsilica.version import __version__

__all__ = ["render_page"]


def render_page(named: NamedPlan, other: NamedPlan | None = None) -> str:
    """The page of a plan, or of two plans next to each other."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("paxsilica.report.page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "money": money,
        "millions": _millions,
        "percent": _percent,
        "covered": covered,
        "required": required,
        "number": number,
    }
    plans = [named] if other is None else [named, other]
    sides = [
        make_side(one, key, label, other is not None)
        for one, key, label in zip(plans, "ab", _labels(plans), strict=False)
    ]
    figures = [_figures(one) for one in plans]
    return environment.get_template("page.html").render(
        sides=sides,
        first=sides[0],
        differs=None if other is None else differences(named, other),
        figures=[(label, *(each[label] for each in figures)) for label in figures[0]],
        version=__version__,
        count=count,
    )


def _labels(plans: list[NamedPlan]) -> list[str]:
    """Labels of the plans; for two plans of the same title the keys in which their cases differ, or
    else their order."""
    labels = [one.plan.title or one.plan.case for one in plans]
    if len(set(labels)) == len(labels):
        return labels
    keys = list(plans[0].plan.question_differences(plans[1].plan).items())[:2]
    if not keys:
        return [
            f"{label} ({order})" for label, order in zip(labels, ("first", "second"), strict=True)
        ]
    words = [
        ", ".join(f"{_key_words(key)} {_value_words(values[side])}" for key, values in keys)
        for side in (0, 1)
    ]
    return [f"{label}: {more}" for label, more in zip(labels, words, strict=True)]


def _key_words(key: str) -> str:
    """The key of a case in words.

    >>> _key_words("budget_usd_m"), _key_words("coverage.hard")
    ('budget, USD million,', 'coverage hard')
    """
    return key.replace("_usd_m", ", USD million,").replace("_", " ").replace(".", " ")


def _value_words(value: Any) -> str:
    """The value of a key in words; ``none`` where the case does not give it."""
    try:
        return "none" if value is None else f"{float(value):,.6g}"
    except (TypeError, ValueError):
        return str(value)


def _millions(value: float) -> str:
    """USD million with thousands separators; small amounts above zero show a decimal.

    >>> _millions(1234.5), _millions(0.3), _millions(0.0), _millions(0.01)
    ('1,234', '0.3', '0', '<0.1')
    """
    if abs(value) < 1e-6:
        return "0"
    if abs(value) < 0.05:
        return "<0.1"
    return f"{value:,.1f}" if abs(value) < 0.5 else f"{value:,.0f}"


def _percent(value: float) -> str:
    """A share of 1 in whole per cent."""
    return f"{100 * value:.0f} %"


def _figures(named: NamedPlan) -> dict[str, str]:
    """Headline figures of two plans side by side, by label."""
    plan, found = named.plan, totals(named.plan)
    costs = plan.costs.groupby("term")["usd_m"].sum()
    covered_stages = f"{found.covered} of {len(found.stages)}" if found.stages else "none required"
    support, missing = operating_support.__name__, coverage_shortfall.__name__
    amounts = {
        "Operating support for standby capacity, USD million, discounted": support,
        "Price on missing coverage, USD million, discounted": missing,
    }
    return {
        "Public money, USD million": f"{found.public:,.0f}",
        "Owners' money, USD million": f"{found.own:,.0f}",
        "Projects": f"{found.projects:,}",
        "Stages covered as required in the last year": covered_stages,
        **{label: f"{float(costs.get(term, 0.0)):,.0f}" for label, term in amounts.items()},
        "Objective, USD million": "none" if plan.objective is None else f"{plan.objective:,.0f}",
    }
