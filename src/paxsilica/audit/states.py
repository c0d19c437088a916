"""Which operating states there must be, and whether the plan has just these."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from paxsilica.audit.findings import Ledger, records
from paxsilica.audit.need import required_shares
from paxsilica.audit.reference import Facts, Situation
from paxsilica.plan.result import Plan
from paxsilica.tables.schema import Event

Conditions = tuple[frozenset[tuple[str, str]], tuple[Event, ...]]
EVERYTHING: Conditions = (frozenset({("*", "*")}), ())


def _chances(facts: Facts) -> dict[str, float]:
    chosen = facts.case.scenarios
    if chosen is None:
        return {"": 1.0}
    if isinstance(chosen, Mapping):
        return dict(chosen)
    return {
        row.scenario: row.probability for row in facts.tables.scenarios if row.scenario in chosen
    }


def _expected(facts: Facts) -> dict[tuple[int, Conditions], tuple[float, tuple[str, ...]]]:
    """State of the world in each scenario and year, equal ones together; and the further states
    that must exist."""
    found: dict[tuple[int, Conditions], tuple[float, tuple[str, ...]]] = {}
    for scenario, chance in _chances(facts).items():
        for year in facts.years:
            now = [
                row
                for row in facts.tables.events
                if row.scenario == scenario
                and row.from_year <= year
                and (row.to_year is None or year <= row.to_year)
            ]
            off = frozenset((row.region, row.commodity) for row in now if row.event == "cut-off")
            conditions = (off, tuple(row for row in now if row.event != "cut-off"))
            before, names = found.get((year, conditions), (0.0, ()))
            found[year, conditions] = (before + chance, tuple(sorted({*names, scenario} - {""})))
    for year in {year for _, year in required_shares(facts)}:
        found.setdefault((year, EVERYTHING), (0.0, ()))
    for year, (off, events) in list(found):
        if off:
            found.setdefault((year, (frozenset(), events)), (0.0, ()))
    return found


def _words(conditions: Conditions) -> tuple[str | None, str | None]:
    off = "; ".join(sorted(f"{region} {commodity}" for region, commodity in conditions[0]))
    events = "; ".join(
        sorted(
            f"{row.event} {row.region} {row.commodity} {row.process} {row.factor:.10g}"
            for row in conditions[1]
        )
    )
    return off or None, events or None


def _resolve(
    facts: Facts, conditions: Conditions, year: int, *, as_owner: bool = False
) -> dict[str, frozenset[str]]:
    """For each region that is cut off, what no longer leaves it; or, as an owner, what its plants
    elsewhere no longer make."""
    everyone = [
        one
        for one in facts.regions
        if facts.role(one, year) == "adversary" or (not as_owner and facts.lost(one, year))
    ]
    off: dict[str, set[str]] = defaultdict(set)
    for region, commodity in conditions[0]:
        for name in everyone if region == "*" else [region]:
            off[name].add(commodity)
    return {region: frozenset(commodities) for region, commodities in off.items()}


def situations(facts: Facts, plan: Plan, ledger: Ledger) -> dict[str, Situation]:
    """The operating states of the plan by name, as the data describe them; a missing or further one
    is a finding."""
    expected = _expected(facts)
    by_words: dict[Any, list[Conditions]] = defaultdict(list)
    wanted: Counter[Any] = Counter()
    for (year, conditions), (chance, names) in expected.items():
        key = (year, "; ".join(names) or None, *_words(conditions))
        by_words[key].append(conditions)
        wanted[(*key, round(chance, 9))] += 1
    claimed: Counter[Any] = Counter()
    found: dict[str, Situation] = {}
    rows = records(plan, "operating_states")
    for row in rows:
        key = (row["year"], row["scenarios"], row["cut_off"], row["events"])
        claimed[(*key, round(row["probability"], 9))] += 1
        if not by_words[key]:
            continue
        conditions = by_words[key].pop()
        coverage_test = conditions == EVERYTHING and any(
            year == row["year"] for _, year in required_shares(facts)
        )
        found[row["state"]] = state = Situation(
            name=row["state"],
            year=row["year"],
            disrupted=bool(conditions[0]),
            probability=expected[row["year"], conditions][0],
            normal_state=row["normal_state"],
            coverage_test=coverage_test,
            off=_resolve(facts, conditions, row["year"]),
            held=_resolve(facts, conditions, row["year"], as_owner=True),
            everywhere=("*", "*") in conditions[0],
            events=conditions[1],
        )
        texts = {"mode": state.mode, "coverage_test": "yes" if coverage_test else "no"}
        ledger.at([state.name]).equal_cells("operating state", row, texts)
    if len(found) < len(rows) or len({row["state"] for row in rows}) < len(rows):
        here = ledger.at(["all"], "states of the case, with different names")
        here.note("operating state", len(rows), len(found))
    for key in sorted((wanted - claimed) | (claimed - wanted), key=str):
        here = ledger.at(key[:4], f"states of probability {key[4]:g}")
        here.note("operating state", claimed[key], wanted[key])
    for situation in found.values():
        normal_state = found.get(situation.normal_state or "")
        fits = (
            normal_state is not None
            and not normal_state.disrupted
            and normal_state.year == situation.year
            and _words((frozenset(), normal_state.events))
            == _words((frozenset(), situation.events))
        )
        if fits != situation.disrupted:
            here = ledger.at([situation.name, "normal_state"])
            words = "the same year and events without the cut-off"
            here.note("operating state", situation.normal_state, words)
    return found
