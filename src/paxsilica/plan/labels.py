"""Names of plans in plain words: two plans by what differs between their cases, several plans of
one case by the projects in which they differ from the first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from paxsilica.plan.result import Plan
from paxsilica.serialize import leaves

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

BEST, SAME = "best plan", "the same projects"
ORDER = ("the first", "the second")
"""Names of two plans between which nothing differs."""


def money(usd_m: float) -> str:
    """USD million in words.

    >>> money(19_999.99), money(334.2), money(4.25), money(0)
    ('USD 20.0 billion', 'USD 334 million', 'USD 4.2 million', 'nothing')
    """
    if abs(usd_m) < 0.05:
        return "nothing"
    if abs(usd_m) >= 1000:
        return f"USD {usd_m / 1000:,.1f} billion"
    return f"USD {usd_m:,.0f} million" if abs(usd_m) >= 10 else f"USD {usd_m:.1f} million"


def listed(words: Sequence[str]) -> str:
    """The words with commas and an and.

    >>> listed(["ore", "metal", "magnets"])
    'ore, metal and magnets'
    """
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def short_labels(plan: Plan, other: Plan) -> tuple[str, str]:
    """Names of two plans for the heads of columns: their titles, or else only what differs between
    their cases, options of the search included."""
    titles = (plan.title or plan.case, other.title or other.case)
    if titles[0] != titles[1]:
        return titles
    found = list(plan.question_differences(other).items()) or _search_differences(plan, other)
    if not found:
        return ORDER
    first, second = (
        listed([words(key, pair[side]) for key, pair in found[:NAMED]]) for side in (0, 1)
    )
    return first, second


def plan_labels(plans: Sequence[Plan]) -> list[str]:
    """The names of one or two plans. Plans with different titles have these; plans of one title the
    keys in which their cases differ, or else their order."""
    titles = [one.title or one.case for one in plans]
    if len(set(titles)) == len(titles):
        return titles
    short = short_labels(plans[0], plans[1])
    return [f"{title}, {name}" for title, name in zip(titles, short, strict=True)]


def _search_differences(plan: Plan, other: Plan) -> list[tuple[str, tuple[Any, Any]]]:
    """Options of the search in which two plans differ."""
    first, second = (
        dict(leaves({"solver": one.manifest.get("case", {}).get("solver", {})}))
        for one in (plan, other)
    )
    pairs = {key: (first.get(key), second.get(key)) for key in dict.fromkeys([*first, *second])}
    return [(key, pair) for key, pair in pairs.items() if pair[0] != pair[1]]


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


def project_names(rows: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Name of each project by its key; with the key where projects share a name.

    >>> project_names([("a", "Mine"), ("b", "Mine"), ("c", "")])
    {'a': 'Mine (a)', 'b': 'Mine (b)', 'c': 'c'}
    """
    times = Counter(name for _, name in rows)
    return {
        key: (f"{name} ({key})" if times[name] > 1 else name) if name else key for key, name in rows
    }


def names_by_projects(
    plans: Sequence[Collection[str]],
    names: Mapping[str, str],
    first: str = BEST,
    more: Sequence[str] = (),
) -> list[str]:
    """A name for each plan of one case, all different: what it has and lacks in comparison with the
    first.

    Args:
        plans: keys of the projects of each plan.
        names: name of each project by its key.
        first: name of the first plan.
        more: words for each plan that are different for all of them, for plans with the same
            projects, and other years or sizes.

    >>> names_by_projects([{"a", "b"}, {"a", "c"}, {"a"}], {"b": "B mine"})
    ['best plan', 'c instead of B mine', 'without B mine']
    """
    if not plans:
        return []
    found = [first]
    for projects in plans[1:]:
        found.append(_difference(plans[0], projects, names, NAMED))
    times = Counter(found)
    found = [
        _difference(plans[0], projects, names, len(names) + len(projects) + len(plans[0]))
        if at and times[name] > 1
        else name
        for at, (name, projects) in enumerate(zip(found, plans, strict=True))
    ]
    times = Counter(found)
    return [
        f"{name}, {more[at]}" if at and times[name] > 1 and more else name
        for at, name in enumerate(found)
    ]


def _difference(
    first: Collection[str], second: Collection[str], names: Mapping[str, str], most: int
) -> str:
    def some(keys: set[str]) -> str:
        shown = [names.get(key, key) for key in sorted(keys)]
        rest = [f"{len(shown) - most} more"] if len(shown) > most else []
        return listed([*shown[:most], *rest])

    joined, left = some(set(second) - set(first)), some(set(first) - set(second))
    if joined and left:
        return f"{joined} instead of {left}"
    return f"also {joined}" if joined else f"without {left}" if left else SAME
