"""Names of two plans by what differs between their cases, in plain words."""

from __future__ import annotations

from typing import Any

from paxsilica.report.answer import money
from paxsilica.report.views.named_plan import NamedPlan
from paxsilica.report.wording import listed

KEYS = {
    "access.open": "access to open regions",
    "budget_usd_m": "budget",
    "coverage.from_year": "first year of coverage",
    "coverage.hard": "coverage",
    "coverage.required": "required coverage",
    "finance.discount_rate": "discount rate",
    "finance.public_funds_cost": "cost of public funds",
    "funding": "funders",
    "generic_options": "generic options",
    "need.regions": "need of regions that are",
    "objective": "objective",
    "years": "years",
}
"""Keys of a case in words, where the key itself is not plain."""

NAMED = 2
"""Most differences in a name."""


def plan_labels(plans: list[NamedPlan]) -> list[str]:
    """The names. Plans with different titles have these; plans of one title the keys in which their
    cases differ, or else their order."""
    labels = [one.plan.title or one.plan.case for one in plans]
    if len(set(labels)) == len(labels):
        return labels
    found = list(plans[0].plan.question_differences(plans[1].plan).items())[:NAMED]
    if not found:
        return [
            f"{label} ({order})" for label, order in zip(labels, ("first", "second"), strict=True)
        ]
    return [
        f"{label}, {listed([words(key, values[side]) for key, values in found])}"
        for side, label in enumerate(labels)
    ]


def words(key: str, value: Any) -> str:
    """A key of a case and its value in plain words.

    >>> words("budget_usd_m", 60.0), words("coverage.required.2036", 0.8)
    ('budget USD 60 million', 'required coverage 2036 0.8')
    """
    start = next((one for one in KEYS if key == one or key.startswith(f"{one}.")), "")
    rest = key.removeprefix(start).removesuffix("_usd_m").replace("_", " ").replace(".", " ")
    name = f"{KEYS.get(start, '')} {rest.strip()}".strip()
    if key == "coverage.hard":
        return f"coverage {'required' if value else 'priced, not required'}"
    if value is None:
        return f"no {name}"
    if isinstance(value, bool):
        return f"{'with' if value else 'without'} {name}"
    if isinstance(value, int | float):
        amount = money(float(value)) if key.endswith("_usd_m") else f"{value:g}"
        return f"{name} {amount}"
    return f"{name} {value}"
