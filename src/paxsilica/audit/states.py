"""Which copies of operation there must be, and whether the plan has just these."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from paxsilica.audit.findings import Ledger, records
from paxsilica.audit.need import asked_shares
from paxsilica.audit.reference import Facts, Situation
from paxsilica.plan.result import Plan
from paxsilica.tables.schema import Event

State = tuple[frozenset[tuple[str, str]], tuple[Event, ...]]
EVERYTHING: State = (frozenset({("*", "*")}), ())


def _chances(facts: Facts) -> dict[str, float]:
    asked = facts.case.scenarios
    if asked is None:
        return {"": 1.0}
    if isinstance(asked, Mapping):
        return dict(asked)
    return {
        row.scenario: row.probability for row in facts.tables.scenarios if row.scenario in asked
    }


def _expected(facts: Facts) -> dict[tuple[int, State], tuple[float, tuple[str, ...]]]:
    """State of the world in every scenario and year; same state, same copy; and the copies that
    must be there besides."""
    found: dict[tuple[int, State], tuple[float, tuple[str, ...]]] = {}
    for scenario, chance in _chances(facts).items():
        for year in facts.years:
            now = [
                row
                for row in facts.tables.events
                if row.scenario == scenario
                and row.from_year <= year
                and (row.to_year is None or year <= row.to_year)
            ]
            off = frozenset((row.region, row.commodity) for row in now if row.event == "switch off")
            state = (off, tuple(row for row in now if row.event != "switch off"))
            before, names = found.get((year, state), (0.0, ()))
            found[year, state] = (before + chance, tuple(sorted({*names, scenario} - {""})))
    for year in {year for _, year in asked_shares(facts)}:
        found.setdefault((year, EVERYTHING), (0.0, ()))
    for year, (off, events) in list(found):
        if off:
            found.setdefault((year, (frozenset(), events)), (0.0, ()))
    return found


def _words(state: State) -> tuple[str | None, str | None]:
    off = "; ".join(sorted(f"{region} {commodity}" for region, commodity in state[0]))
    events = "; ".join(
        sorted(
            f"{row.event} {row.region} {row.commodity} {row.process} {row.factor:.10g}"
            for row in state[1]
        )
    )
    return off or None, events or None


def _resolve(facts: Facts, state: State, year: int) -> dict[str, frozenset[str]]:
    """For each region that is switched off, what no longer leaves it."""
    off: dict[str, set[str]] = defaultdict(set)
    for region, commodity in state[0]:
        for name in (
            [one for one in facts.regions if not facts.trusted(one, year)]
            if region == "*"
            else [region]
        ):
            off[name].add(commodity)
    return {region: frozenset(commodities) for region, commodities in off.items()}


def situations(facts: Facts, plan: Plan, ledger: Ledger) -> dict[str, Situation]:
    """The plan's copies by name, as the data describe them; a copy too many or too few is a
    finding."""
    expected = _expected(facts)
    by_words: dict[Any, list[State]] = defaultdict(list)
    wanted: Counter[Any] = Counter()
    for (year, state), (chance, names) in expected.items():
        key = (year, "; ".join(names) or None, *_words(state))
        by_words[key].append(state)
        wanted[(*key, round(chance, 9))] += 1
    claimed: Counter[Any] = Counter()
    found: dict[str, Situation] = {}
    rows = records(plan, "copies")
    for row in rows:
        key = (row["year"], row["scenarios"], row["switched_off"], row["events"])
        claimed[(*key, round(row["probability"], 9))] += 1
        if not by_words[key]:
            continue
        state = by_words[key].pop()
        proves = state == EVERYTHING and any(year == row["year"] for _, year in asked_shares(facts))
        ledger.equal_text(
            "copy of operation",
            [row["copy"], "mode"],
            row["mode"],
            "stress" if state[0] else "reference",
        )
        ledger.equal_text(
            "copy of operation",
            [row["copy"], "proves_coverage"],
            row["proves_coverage"],
            "yes" if proves else "no",
        )
        found[row["copy"]] = Situation(
            name=row["copy"],
            year=row["year"],
            stress=bool(state[0]),
            probability=expected[row["year"], state][0],
            calm=row["calm"],
            proves=proves,
            off=_resolve(facts, state, row["year"]),
            events=state[1],
        )
    if len(found) < len(rows) or len({row["copy"] for row in rows}) < len(rows):
        ledger.note(
            "copy of operation",
            ["all"],
            len(rows),
            len(found),
            "copies that the case makes, by different names",
        )
    for key in sorted((wanted - claimed) | (claimed - wanted), key=str):
        ledger.note(
            "copy of operation",
            key[:4],
            claimed[key],
            wanted[key],
            f"copies of probability {key[4]:g}",
        )
    for situation in found.values():
        calm = found.get(situation.calm or "")
        fits = (
            calm is not None
            and not calm.stress
            and calm.year == situation.year
            and _words((frozenset(), calm.events)) == _words((frozenset(), situation.events))
        )
        if fits != situation.stress:
            ledger.note(
                "copy of operation",
                [situation.name, "calm"],
                situation.calm,
                "the same year and events without the switch-off",
                "text",
            )
    return found
