"""The page: one HTML file that shows a plan, or two side by side, and loads nothing from a
network."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

import jinja2
from markupsafe import Markup, escape

from paxsilica.model.costs import coverage_shortfall
from paxsilica.plan.labels import money, plan_labels
from paxsilica.plan.requirement import covered, required
from paxsilica.report.page.glossary import GLOSSARY
from paxsilica.report.page.side import Scales, make_side
from paxsilica.report.views.comparison import differences
from paxsilica.report.views.coverage import coverage_stages
from paxsilica.report.views.diagnosis import Reasons
from paxsilica.report.views.money import cost_words
from paxsilica.report.views.named_plan import NamedPlan
from paxsilica.report.views.portfolio import totals
from paxsilica.report.wording import count, number
from paxsilica.version import __version__

__all__ = ["render_page"]


def render_page(
    named: NamedPlan,
    other: NamedPlan | None = None,
    *,
    reasons: Reasons | None = None,
    other_reasons: Reasons | None = None,
) -> str:
    """The page of a plan, or of two plans.

    Args:
        named, other: the plans; of an infeasible case the closest plan, if there is one.
        reasons, other_reasons: why their cases have no plan.
    """
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
        "cost_words": cost_words,
        "percent": _percent,
        "covered": covered,
        "required": required,
        "number": number,
        "coded": coded,
    }
    plans = [named] if other is None else [named, other]
    scales = Scales.of(plans)
    sides = [
        make_side(one, key, label, other is not None, scales, why)
        for one, key, label, why in zip(
            plans,
            "ab",
            plan_labels([one.plan for one in plans]),
            (reasons, other_reasons),
            strict=False,
        )
    ]
    figures = [_figures(one) for one in plans]
    script = _script()
    return environment.get_template("page.html").render(
        sides=sides,
        first=sides[0],
        differs=None if other is None else differences(named, other),
        figures=[(label, *(each[label] for each in figures)) for label in figures[0]],
        choices=_choices(plans),
        glossary=GLOSSARY,
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        version=__version__,
        count=count,
    )


def coded(sentence: str) -> Markup:
    """A sentence whose words between backticks are code.

    >>> coded("see `paxsilica prices` <now>")
    Markup('see <code>paxsilica prices</code> &lt;now&gt;')
    """
    parts = str(escape(sentence)).split("`")
    if len(parts) % 2 == 0:  # a backtick without its second one
        return escape(sentence)
    marked = (f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
    return Markup("".join(marked))


def _script() -> str:
    """The script of the page."""
    place = files("paxsilica.report.page") / "templates" / "page.js"
    return place.read_text(encoding="utf-8")


def _choices(plans: list[NamedPlan]) -> dict[str, list[tuple[str, str]]]:
    """What a reader can choose: key and name of the stages, years, places and funders of the
    plans."""
    found: dict[str, dict[str, str]] = {"stage": {}, "year": {}, "region": {}, "funder": {}}
    for one in plans:
        used = {str(row.key) for row in coverage_stages(one.plan)}
        used |= set(one.plan.portfolio["stage"].dropna().map(str))
        found["stage"] |= {key: name for key, name in one.stages.items() if key in used}
        found["year"] |= {str(year): str(year) for year in one.years}
        found["region"] |= {key: one.region(key) for key in map(str, one.plan.portfolio["region"])}
        found["funder"] |= {key: one.funder(key) for key in map(str, one.plan.funding["funder"])}
    return {
        key: list(values.items())
        if key in ("stage", "year")
        else sorted(values.items(), key=lambda item: item[1])
        for key, values in found.items()
    }


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
    missing = coverage_shortfall.__name__
    amounts = {
        "Price on missing coverage, USD million, discounted": missing,
    }
    return {
        "Public capital, USD million": f"{found.public:,.0f}",
        "Operating support, USD million": f"{found.support:,.0f}",
        "Owners' money, USD million": f"{found.own:,.0f}",
        "Projects": f"{found.projects:,}",
        "Stages covered as required in the last year": covered_stages,
        **{label: f"{float(costs.get(term, 0.0)):,.0f}" for label, term in amounts.items()},
        "Objective, USD million": "none" if plan.objective is None else f"{plan.objective:,.0f}",
    }
