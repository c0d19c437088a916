"""The first sentences of every report: whether every stage has a source that stays within reach
when adversaries are cut off, how large, from which year, and what limits the stages that fall
short."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from paxsilica.instance.world import year_ranges
from paxsilica.plan.labels import listed
from paxsilica.plan.requirement import covered, met, required
from paxsilica.plan.result import Plan
from paxsilica.report.views.coverage import (
    Joint,
    Stage,
    Unreached,
    coverage_stages,
    joint_years,
    scarcest_first,
    unreached,
    within_tolerance,
)
from paxsilica.report.views.named_plan import NamedPlan
from paxsilica.report.wording import count

ADVERSARIES_NAMED = 3
GOODS_NAMED = 5
STAGES_NAMED = 3


def headline_sentences(named: NamedPlan, *, stages: bool = True) -> list[str]:
    """The sentences; none where the case requires no coverage. ``stages``: whether to name the
    stages that fall short, and what limits the chain."""
    joint, chain = joint_years(named.plan), coverage_stages(named.plan)
    if not joint:
        return []
    first = named.plan.headline.get("first_year_all_stages")
    if first is not None:
        found = [_holds(named, joint, chain, first), *_before(joint, first)]
        short = [year for year in joint if year.year < first and year.short]
        return [*found, *_gaps(named, chain, short)] if stages and short else found
    closest = list(_closest(named.plan))
    found = [_fails(named, joint, chain), *closest]
    if not stages:
        return found
    return [*found, *(_limits(named, joint) if closest else _gaps(named, chain, joint))]


def _gaps(named: NamedPlan, chain: Sequence[Stage], joint: Sequence[Joint]) -> list[str]:
    """The stages that fall short, and what limits the chain."""
    return [*_own_gaps(chain), *_limits(named, joint)]


def outside(named: NamedPlan, year: int) -> str:
    """Where supply comes from in a cut-off in ``year``, as in "outside A and B". Adversaries and
    lost regions are named as in the data, those with most plants first."""
    world = named.world
    if world is None:
        return "outside adversaries"
    plants = Counter(plant.region for plant in world.plants.values() if not plant.is_project)
    order = sorted(world.regions, key=lambda region: (-plants[region], region))
    hostile = [named.region(region) for region in order if world.adversary(region, year)]
    lost = [named.region(region) for region in order if world.lost(region, year)]
    if len(hostile) > ADVERSARIES_NAMED + 1:
        others = f"{len(hostile) - ADVERSARIES_NAMED} other adversaries"
        hostile = [*hostile[:ADVERSARIES_NAMED], others]
    where = f"outside {listed(hostile)}" if hostile else ""
    without = f"without {listed(lost)}" if lost else ""
    return " and ".join(part for part in (where, without) if part) or "within reach"


def _per_cent(text: str) -> str:
    return f"{text}\u00a0%"


def _every(stages: Sequence[Stage]) -> str:
    return f"all {len(stages)} stages of the chain" if len(stages) > 1 else "the chain"


def _span(first: int, last: int) -> str:
    return f"in {first}" if first == last else f"from {first} to {last}"


def _holds(named: NamedPlan, joint: Sequence[Joint], stages: Sequence[Stage], first: int) -> str:
    """The joint coverage of the last years with one requirement, if that is met."""
    last = joint[-1]
    start = last.year
    for year in reversed(joint):
        if year.year < first or year.required != last.required:
            break
        start = year.year
    kept = [year for year in joint if year.year >= start]
    share = _per_cent(covered(min(year.coverage for year in kept)))
    before = _per_cent(covered(min(year.without for year in kept)))
    have = "have" if len(stages) > 1 else "has"
    by_stage = (
        ""
        if met(min(year.coverage for year in kept), last.required)
        else f", and for what the case requires of each, up to {_per_cent(required(last.required))}"
    )
    return (
        f"With this plan {_every(stages)} {have} a source {outside(named, last.year)} for at least"
        f" {share} of need at the same time {_span(start, last.year)}{by_stage}; without it, for"
        f" {before}."
    )


def _before(joint: Sequence[Joint], first: int) -> list[str]:
    """The years before and after the first from which requirements are met."""
    short = [year for year in joint if year.year < first and year.short]
    if not short:
        start = joint[0]
        if start.required == joint[-1].required:
            return []
        share = _per_cent(required(start.required))
        return [f"Each year's requirement is met from {start.year} ({share}) on."]
    worst = min(short, key=lambda year: year.ratio)
    years = year_ranges([year.year for year in short])
    return [
        f"Requirements are met from {first} on; in {years} they are not:"
        f" {_per_cent(covered(worst.coverage))} in {worst.year},"
        f" {_per_cent(required(worst.required))} required.",
    ]


def _fails(named: NamedPlan, joint: Sequence[Joint], stages: Sequence[Stage]) -> str:
    short = [year for year in joint if year.short]
    worst, last = min(short, key=lambda year: year.ratio), joint[-1]
    shown = [worst] if worst.year == last.year else sorted([worst, last], key=lambda one: one.year)
    reached = listed(
        [
            f"{_per_cent(covered(year.coverage))} in {year.year}"
            f" ({_per_cent(required(year.required))} required,"
            f" {_per_cent(covered(year.without))} without the plan)"
            for year in shown
        ]
    )
    lead = f"not {_every(stages)} have" if len(stages) > 1 else "the chain does not have"
    years = year_ranges([year.year for year in short])
    return (
        f"With this plan {lead} a source {outside(named, last.year)} for the required share of need"
        f" in {years}: at the same time they reach {reached}."
    )


def _own_gaps(stages: Sequence[Stage]) -> Iterable[str]:
    """The stages that fall short whatever the others make, the worst first."""
    gaps = []
    for stage in stages:
        short = [cell for cell in stage.cells if cell.short]
        if short:
            worst = min(short, key=lambda cell: cell.coverage / cell.required)
            words = (
                f"{stage.name} ({_per_cent(covered(worst.coverage))} of"
                f" {_per_cent(required(worst.required))} in {worst.year}, short in"
                f" {year_ranges(stage.years_short)})"
            )
            gaps.append((worst.coverage / worst.required, stage.name, words))
    if not gaps:
        yield "Each stage alone could meet its requirement; all at the same time they do not."
        return
    shown = [words for _, _, words in sorted(gaps)[:STAGES_NAMED]]
    if len(gaps) > STAGES_NAMED:
        shown.append(count(len(gaps) - STAGES_NAMED, "other stage"))
    yield f"Short on their own: {listed(shown)}."


def _limits(named: NamedPlan, joint: Sequence[Joint]) -> Iterable[str]:
    """The goods that limit the chain in the worst year, the scarcest first."""
    worst = min((year for year in joint if year.short), key=lambda year: year.ratio)
    if not worst.limiting:
        return
    goods = scarcest_first(named.plan, worst.limiting, worst.year)
    shown = [named.commodity(good) for good in goods[:GOODS_NAMED]]
    if len(goods) > GOODS_NAMED:
        shown.append(f"{len(goods) - GOODS_NAMED} more")
    yield f"Limiting inputs in {worst.year}: {listed(shown)}."


def _closest(plan: Plan) -> Iterable[str]:
    """What no money can reach, and what this budget cannot."""
    found = plan.headline.get("security")
    if found is None:
        return
    beyond, behind = unreached(plan)
    if beyond:
        yield (
            "The requirement cannot be met with any amount of money (proved): all candidates"
            f" together reach at most {_worst(beyond)}."
        )
    if behind:
        bound = float(found["bound"])
        ratio = _per_cent(covered(within_tolerance(float(found["ratio"]))))
        if met(bound, 1.0):
            lead = "The plan is limited by the budget or other limits of the case"
            proved = "it is not proved that no plan can cover more"
        else:
            lead = (
                "The requirement cannot be met within the budget and the other limits of the case"
            )
            proved = f"no plan can cover more than {_per_cent(required(bound))} (proved)"
        yield (
            f"{lead}: the closest plan covers at least {ratio} of what can be reached with any"
            f" amount of money; {proved}. Lowest: {_worst(behind)}."
        )
    if found["unsettled"]:
        yield f"Not settled in time: {listed(list(found['unsettled']))}."


def _worst(rows: Sequence[Unreached]) -> str:
    """The worst year of the stages, the worst stage first."""
    worst: dict[str, Unreached] = {}
    for row in sorted(rows, key=lambda row: (row.share / row.wanted, row.year)):
        worst.setdefault(row.name, row)
    words = [
        f"{row.name} ({_per_cent(covered(row.share))} of {_per_cent(required(row.wanted))} in"
        f" {row.year})"
        for row in list(worst.values())[:STAGES_NAMED]
    ]
    if len(worst) > STAGES_NAMED:
        words.append(f"{len(worst) - STAGES_NAMED} more")
    return listed(words)
