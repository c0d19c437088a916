"""The page: one HTML file that shows a plan, or two side by side, and opens with no network, no script and no font of its own."""

from __future__ import annotations

from collections.abc import Sequence

import jinja2

from paxsilica import __version__
from paxsilica.report.facts import Facts
from paxsilica.report.page.answer import count, money
from paxsilica.report.page.differences import differences
from paxsilica.report.page.view import Side
from paxsilica.report.words import number

__all__ = ["render_page"]


def render_page(facts: Facts, other: Facts | None = None) -> str:
    """The page of a plan, or of two plans next to each other."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("paxsilica.report.page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"money": money, "millions": _millions, "percent": _percent, "number": number}
    sides: Sequence[Side] = [Side(facts, "a", _label(facts), other is not None)]
    if other is not None:
        sides = [*sides, Side(other, "b", _label(other), True)]
        if sides[0].label == sides[1].label:
            sides = [
                Side(side.facts, side.key, f"{side.label} ({place})", True) for side, place in zip(sides, ("first", "second"), strict=True)
            ]
    template = environment.get_template("page.html")
    return template.render(
        sides=sides,
        first=sides[0],
        differs=None if other is None else differences(facts, other),
        version=__version__,
        count=count,
    )


def _label(facts: Facts) -> str:
    return facts.plan.title or facts.plan.case


def _millions(value: float) -> str:
    """USD million with thousands apart; an amount below half a million that is not nought shows a decimal.

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
