"""Names in a case: every one of them is looked up in the data."""

from __future__ import annotations

from collections.abc import Iterable

from paxsilica.case import Case
from paxsilica.errors import Problem
from paxsilica.tables import Tables
from paxsilica.tables.characters import hint
from paxsilica.tables.schema import Event
from paxsilica.tables.suggestions import Nearest

_LISTED = 12
"""Number of names in a sentence; where the data has more, the nearest is named alone."""


def chosen_scenarios(tables: Tables, case: Case) -> frozenset[str]:
    """Scenarios of the data that the case names."""
    named = case.scenarios or ()
    return frozenset(row.scenario for row in tables.scenarios if row.scenario in named)


def events_of(tables: Tables, case: Case) -> tuple[Event, ...]:
    """Events of the scenarios that the case names."""
    chosen = chosen_scenarios(tables, case)
    return tuple(row for row in tables.events if row.scenario in chosen)


def mistaken_names(tables: Tables, case: Case) -> Iterable[Problem]:
    """What the case names and the tables do not have, and statuses that the case needs and nobody
    gives."""
    place = f"case {case.name}"
    regions = {row.region for row in tables.regions if row.kind != "hub"}
    hubs = {row.region for row in tables.regions} - regions
    funders = {row.funder for row in tables.funders}
    variants = {row.variant for row in tables.demand if row.variant is not None}
    named: list[tuple[str, Iterable[str], set[str], str]] = [
        ("membership", case.membership, regions, "regions"),
        ("roles.lost", case.roles.lost, regions, "regions"),
        ("funders.exclude", case.funders.exclude, funders, "funders"),
        ("funders.envelopes_usd_m", case.funders.envelopes_usd_m, funders, "funders"),
        ("funders.exclude_regions", case.funders.exclude_regions, regions, "regions"),
        (
            "scenarios",
            case.scenarios or (),
            {row.scenario for row in tables.scenarios},
            "scenarios",
        ),
        ("partners", _regions_of_players(case), regions, "regions"),
    ]
    if variants:
        named.append(("demand.variant", (case.demand.variant,), variants, "demand"))
    if case.coverage is not None:
        stages = {row.stage for row in tables.stages}
        commodities = {row.commodity for row in tables.commodities}
        named.append(("coverage.stages", case.coverage.stages, stages, "stages"))
        named.append(("coverage.from_years", case.coverage.from_years, commodities, "commodities"))
        named.append(
            ("coverage.listed_uses", case.coverage.listed_uses, commodities, "commodities")
        )
    for key, names, known, table in named:
        yield from _unknown(place, key, names, known, hubs, table)
    yield from _shared_names(tables)
    yield from _probabilities(tables, case, place)
    yield from _missing_statuses(tables, case, regions, place)


def _unknown(
    place: str, key: str, names: Iterable[str], known: set[str], hubs: set[str], table: str
) -> Iterable[Problem]:
    nearest = Nearest(known)
    for name in dict.fromkeys(names):
        if name in known:
            continue
        if table == "regions" and name in hubs:
            words = "is a hub, which has no status, no funders and no signature"
        else:
            words = f"should be in the table {table}{hint(name) or nearest(name)}"
            if not known:
                words = f"is not in the data: the table {table} is absent or empty"
            elif "did you mean" not in words and len(known) <= _LISTED:
                words += f"; it has {', '.join(sorted(known))}"
            if key == "demand.variant" and known:
                words = words.replace("in the table demand", "a variant of the table demand", 1)
        yield Problem(place, "", key, name, words)


def _regions_of_players(case: Case) -> Iterable[str]:
    """Regions in the key ``partners``; the study of partners checks how a player is written."""
    for player in case.partners:
        _, _, action = player.rpartition("=")
        _, colon, regions = action.partition(":")
        if colon:
            yield from (region.strip() for region in regions.split("+"))


def _shared_names(tables: Tables) -> Iterable[Problem]:
    for name in sorted(
        {row.asset for row in tables.assets} & {row.project for row in tables.projects}
    ):
        words = "is the name of an asset too; plants need names of their own"
        yield Problem("projects", name, "project", name, words)


def _probabilities(tables: Tables, case: Case, place: str) -> Iterable[Problem]:
    """Probabilities of the data for the scenarios that the case names without its own."""
    if case.scenarios is None or isinstance(case.scenarios, dict):
        return
    if not case.scenarios:
        words = "should name a scenario, or be left out for one scenario without events"
        yield Problem(place, "", "scenarios", "[]", words)
        return
    twice = {name for name in case.scenarios if case.scenarios.count(name) > 1}
    for name in sorted(twice):
        yield Problem(place, "", "scenarios", name, "should be named once")
    known = {row.scenario: row.probability for row in tables.scenarios}
    chosen = {name: known[name] for name in case.scenarios if name in known}
    total = sum(chosen.values())
    if not twice and len(chosen) == len(case.scenarios) and abs(total - 1) > 1e-6:
        words = (
            f"their probabilities in the data add up to {total:g}, not to 1; give them as"
            " {scenario = probability}"
        )
        yield Problem(place, "", "scenarios", ", ".join(chosen), words)


def _missing_statuses(
    tables: Tables, case: Case, regions: set[str], place: str
) -> Iterable[Problem]:
    """Regions without a status, where the case depends on it. Absence never means secure."""
    stated = {row.region for row in tables.membership} | set(case.membership)
    if not regions - stated:
        return
    everywhere = [
        row for row in events_of(tables, case) if row.event == "cut-off" and row.region == "*"
    ]
    if case.coverage is not None:
        reason = "the case requires coverage"
    elif everywhere:
        reason = "a scenario of the case cuts off every adversary"
    elif case.membership:
        reason = "the case states the status of other regions"
    else:
        return
    example = min(regions - stated)
    if not tables.membership and not case.membership:
        words = (
            f"the table is needed, since {reason}: give every region a status, in rows such as"
            f" {example},signatory,2000-01-01 under the header region,status,from_date, or in the"
            f' case, such as membership.{example} = "signatory"'
        )
        yield Problem("membership", "", "", "", words)
        return
    for region in sorted(regions - stated):
        words = f"should have a status in membership, since {reason}"
        yield Problem(place, "", "membership", region, words)
