"""The page: one HTML file that shows a plan, or two side by side, and opens with no network, no
script and no font of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jinja2

from paxsilica import __version__
from paxsilica.report.facts import Facts
from paxsilica.report.page.answer import count, money
from paxsilica.report.page.differences import differences
from paxsilica.report.page.view import Side
from paxsilica.report.wording import number

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
    environment.filters |= {
        "money": money,
        "millions": _millions,
        "percent": _percent,
        "number": number,
    }
    sides: Sequence[Side] = [Side(facts, "a", _label(facts), other is not None)]
    if other is not None:
        sides = [*sides, Side(other, "b", _label(other), True)]
        if sides[0].label == sides[1].label:
            sides = [
                Side(side.facts, side.key, label, True)
                for side, label in zip(sides, _labels(facts, other), strict=True)
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


def _labels(first: Facts, second: Facts) -> tuple[str, str]:
    """Labels of two plans of the same title: what their cases say differently, or else their
    order."""
    keys = list(first.plan.asked_otherwise(second.plan).items())[:2]
    if not keys:
        return f"{_label(first)} (first)", f"{_label(second)} (second)"
    words = [
        ", ".join(f"{_key_words(key)} {_value_words(values[side])}" for key, values in keys)
        for side in (0, 1)
    ]
    return f"{_label(first)}: {words[0]}", f"{_label(second)}: {words[1]}"


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
    """USD million with thousands apart; an amount below half a million that is not nought shows a
    decimal.

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
