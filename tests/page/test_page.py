"""What the page says, and what it does with plans that lack one thing or another."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

import paxsilica
from paxsilica.errors import InputError
from paxsilica.plan.labels import money
from paxsilica.plan.result import Plan
from paxsilica.report.answer import below, cards, lower, parts, sentences
from paxsilica.report.page import render_page
from paxsilica.report.page.chain import make_chain
from paxsilica.report.page.glossary import GLOSSARY
from paxsilica.report.page.layers import lay_out
from paxsilica.report.page.side import make_side
from paxsilica.report.page.timetable import bars
from paxsilica.report.page.world_map import equal_earth, outlines, spots
from paxsilica.report.views.comparison import differences
from paxsilica.report.views.diagnosis import Reasons, load_reasons
from paxsilica.report.views.evidence import capital_range
from paxsilica.report.views.flows import FINAL, chain_flows, stage_output
from paxsilica.report.views.named_plan import NamedPlan, load_named_plan
from report_world import bare, named, tables, write_tables

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parents[1] / "cases"


class Loaded(HTMLParser):
    """Collects what a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "srcset", "data") or (name in ("href", "xlink:href") and tag != "a"):
                self.found.append(f"{tag} {name} {value}")


def prices(plan: NamedPlan) -> list[dict[str, str]]:
    """The prices on the page."""
    found: list[dict[str, str]] = make_side(plan, "a", "", False).prices
    return found


def test_nothing_is_loaded_and_no_text_becomes_markup() -> None:
    text = render_page(named(), named(40.0))
    parser = Loaded()
    parser.feed(text)
    assert parser.found == ["link href data:,"]
    assert "@import" not in text
    assert not re.search(r"url\((?!data:)", text)
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", text, flags=re.S)
    assert [kind for kind, _ in scripts] == [
        *(f' type="application/json" data-side="{side}"' for side in "ab"),
        "",
    ]
    digest = base64.b64encode(hashlib.sha256(scripts[-1][1].encode()).digest()).decode()
    assert f"default-src 'none'; script-src 'sha256-{digest}'" in text
    data = json.loads(scripts[0][1])
    assert set(data["tables"]) == {"coverage", "chain", "projects", "payments"}
    assert "Does it &lt;b&gt;work&lt;/b&gt;?" in text
    assert "<b>& co" not in text


def test_the_answer_says_what_the_tables_say() -> None:
    first, second, *_ = sentences(named())
    assert first == (
        "With this plan all 3 stages of the chain have a source outside Other for at least"
        " 50\u00a0% of need at the same time from 2031 to 2034; without it, for 0\u00a0%."
    )
    assert "2 projects in 2 regions for USD 80 million of capital: USD 48 million" in second
    assert [card.value for card in cards(named())][2:4] == ["2", "3 of 3"]


def test_the_answer_names_projects_places_funders_and_the_difference_to_no_plan() -> None:
    found = {part.title: " ".join(part.lines) for part in parts(named())}
    assert "New mine (Aussie <b>& co): USD 50 million, committed in 2030" in found["Projects"]
    assert "Australia USD 30 million (1 project)" in found["Countries and regions"]
    assert found["Funders"] == "Public money comes from Fund of A USD 48 million."
    costs = named().plan.costs
    known = costs[costs["without_usd_m"].notna()]
    difference = (known["usd_m"] - known["without_usd_m"]).sum()
    assert money(difference) in found["Cost, as the difference to no plan"]
    assert "coverage_shortfall" not in set(known["term"])


def test_stages_below_the_requirement_have_their_limits_and_falls_a_reason() -> None:
    coverage = named().plan.coverage
    last = coverage["year"] == coverage["year"].max()
    metal, server = (last & (coverage["stage"] == stage) for stage in ("metal", "server"))
    coverage.loc[metal, ["standalone_coverage", "limiting_inputs"]] = [0.39, "ore"]
    coverage.loc[server, ["standalone_coverage_without", "standalone_coverage"]] = [0.9, 0.8]
    tables = {**named().plan.tables, "coverage": coverage}
    changed = NamedPlan(dataclasses.replace(named().plan, tables=tables), named().world)
    (words,) = below(changed)
    assert "39\u00a0% of need in 2034, 40\u00a0% required. Short in 2034. Limited by ore." in words
    (words,) = lower(changed)
    assert "90\u00a0% without the plan and 80\u00a0% with it in 2034" in words
    assert "Reason: " in words


def test_the_page_of_the_closest_plan_is_labelled_and_has_reasons() -> None:
    closest = dataclasses.replace(named().plan, status="infeasible")
    reasons = Reasons(
        ("No ore.",), ("Budget: 12 more.",), ("Demand: none.",), ((("A", "B"), True),)
    )
    text = render_page(NamedPlan(closest, named().world), reasons=reasons)
    sections = text.count("Closest plan: it does not meet the requirements of the case.")
    assert sections == text.count("<section") - len(("reasons", "method", "glossary")) + 1
    for words in ("No ore.", "Budget: 12 more.", "Demand: none.", "cannot be met together"):
        assert words in text
    assert "Closest plan" not in render_page(named())


def test_the_reasons_come_from_the_diagnosis(tmp_path: Path) -> None:
    found = {
        "necessary_conditions": [
            {"stage": "ore", "available_share": share, "sentence": f"{share} of ore."}
            for share in (0.5, 0.25)
        ],
        "feasible_changes": [{"sentence": "More money."}],
        "insufficient_changes": [{"kind": "demand", "proved": True}],
        "conflict": [{"requirements": ["the budget"], "smallest": True}],
    }
    (tmp_path / "diagnosis.json").write_text(json.dumps(found))
    read = load_reasons(tmp_path)
    assert read is not None
    assert read.reasons == ("0.25 of ore.",)
    assert read.insufficient == ("The demand that must be served: no amount is sufficient.",)
    assert load_reasons(tmp_path / "none") is None
    (tmp_path / "diagnosis.json").write_text("{}")
    with pytest.raises(InputError, match="no diagnosis"):
        load_reasons(tmp_path)


def test_the_glossary_of_the_page_is_that_of_the_documentation() -> None:
    page = (ROOT / "docs" / "reference" / "glossary.md").read_text(encoding="utf-8")
    entries = re.findall(r"^(\S[^\n]*)\n((?:  [^\n]*\n)+)", page, flags=re.M)
    written = {term: " ".join(text.split()) for term, text in entries}
    for term, meaning in GLOSSARY.items():
        known = written[term].replace("`", "").removesuffix(" See [](../explanation/coverage.md).")
        assert known.startswith(meaning), term


def test_a_plan_without_projects_says_so() -> None:
    text = render_page(named(5.0))
    assert "The plan commits to no project." in text


@pytest.mark.parametrize("status", ["infeasible", "no_plan"])
def test_no_plan_no_figures_but_a_page(status: str) -> None:
    nothing = dataclasses.replace(
        named().plan,
        status=status,
        objective=None,
        bound=None,
        tables={},
        capital_decided_usd_m=0.0,
    )
    text = render_page(NamedPlan(nothing, named().world))
    assert "proved" in text or "proves nothing" in text
    assert 'id="coverage"' not in text


def test_without_the_tables_the_page_says_what_is_missing() -> None:
    text = render_page(bare())
    assert text.count("The tables are not at hand.") >= 2
    assert 'id="a-cash-table"' in text


@pytest.mark.parametrize("name", ["mexss", "lands", "cap41", "vietman", "relog-storage"])
def test_any_problem_has_a_page(name: str) -> None:
    question = paxsilica.load(CASES / name / "case.toml", CASES / name)
    plan = question.solve()
    text = render_page(NamedPlan(plan, question.instance().world))
    assert (plan.title or plan.case) in text
    assert "nan" not in re.sub(
        r"[a-z]+nan|nan[a-z]+", "", re.sub(r"<style>.*?</style>", "", text, flags=re.S).lower()
    )


def test_flows_conserve_what_is_made() -> None:
    """All that is used of a good is what is made of it, and its part within reach what such
    plants make."""
    world = named().world
    assert world is not None
    flows = chain_flows(named().plan, world, 2034)
    output = stage_output(named().plan, world, 2034).set_index("stage")
    for stage, part in flows.groupby("from_stage"):
        assert part["usd_m"].sum() == pytest.approx(output.loc[stage].sum())
        reached = part.loc[part["supply_within_reach"].astype(bool), "usd_m"].sum()
        assert reached == pytest.approx(output.loc[stage, "within_reach_usd_m"])


def test_the_chain_runs_from_ore_to_final_use() -> None:
    chain = make_chain(named(), 2034)
    assert chain is not None
    assert [row[0][0] for row in chain.layers.rows] == ["ore", "metal", "server", FINAL]
    assert {link for link, parts in chain.links.items() if sum(parts.values()) > 0} >= {
        ("ore", "metal"),
        ("metal", "server"),
        ("server", FINAL),
    }


def test_a_cycle_is_cut_at_its_weakest_link() -> None:
    layers = lay_out(
        {("a", "b"): 1.0, ("b", "c"): 1.0, ("c", "a"): 0.1, ("a", "c"): 0.5}, ["a", "b", "c"]
    )
    assert list(layers.cut) == [("c", "a")]
    assert [[place for place in row if len(place) == 1] for row in layers.rows] == [
        [("a",)],
        [("b",)],
        [("c",)],
    ]
    assert layers.routes["a", "c"] == [("a",), ("a", "c", "1"), ("c",)]


def test_ramps_come_from_operation() -> None:
    mine = next(bar for bar in bars(named()) if bar.project == "new-mine")
    assert (mine.committed, mine.online) == (2030, 2031)
    assert dict(mine.running) == pytest.approx({2031: 0.5, 2032: 1.0, 2033: 1.0, 2034: 1.0})


def test_the_map_knows_its_countries() -> None:
    assert {"AUS", "CHN", "USA", "JPN"} <= set(outlines())
    assert all(
        -180 <= longitude <= 180
        for rings in outlines().values()
        for ring in rings
        for longitude in ring[::2]
    )
    widest = max(
        max(ring[::2]) - min(ring[::2])
        for name, rings in outlines().items()
        if name != "RUS"
        for ring in rings
    )
    assert widest < 180, "an outline goes round the world where it should have been cut"
    assert {spot.region for spot in spots(named())} == {"A", "AUS"}
    assert equal_earth(0, 90)[1] == pytest.approx(1.3173627591574)


def test_capital_range_follows_provenance() -> None:
    found = capital_range(named())
    assert found is not None
    assert (found.low, found.used, found.high) == pytest.approx((64.0, 80.0, 120.0))


def test_prices_prefer_those_that_need_no_caveat() -> None:
    columns = ["what", "where", "when", "kind", "value", "low", "high", "unit", "meaning"]
    rows = [
        ("budget", "", None, "fixed", 0.0, 0.0, 0.0, "USD a USD", "none"),
        (
            "budget",
            "",
            None,
            "resolve",
            1.25,
            1.0,
            1.5,
            "USD a USD",
            "one more million saves 1.25 million",
        ),
        ("envelope", "fund", 2031, "relaxed", 0.5, 0.5, 0.5, "USD a USD", "half"),
    ]
    plan = dataclasses.replace(
        named().plan, tables={**named().plan.tables, "prices": pd.DataFrame(rows, columns=columns)}
    )
    with_prices = NamedPlan(plan, named().world)
    assert [(row["kind"], row["value"], row["range"]) for row in prices(with_prices)] == [
        ("resolve", "1.25 USD a USD", "1 to 1.5"),
        ("relaxed", "0.5 USD a USD", ""),
    ]
    assert "one more million saves 1.25 million" in render_page(with_prices)


def test_prices_are_marked_and_each_thing_is_shown_once() -> None:
    columns = [
        "what",
        "where",
        "when",
        "kind",
        "value",
        "low",
        "high",
        "unit",
        "meaning",
        "degenerate",
        "undecided",
    ]
    blank = float("nan")
    rows = [
        ("budget", "programme", None, "resolve", 1.0, 0.0, 1.5, "USD", "tossed", "", "yes"),
        ("coverage", "mining", 2031, "fixed", 90.0, blank, blank, "USD", "", "no", ""),
        ("coverage", "magnets", None, "resolve", 4.0, 3.0, 5.0, "USD", "", "", "no"),
        ("coverage", "magnets", 2031, "fixed", 95.0, blank, blank, "USD", "", "no", ""),
        ("coverage", "design", 2031, "fixed", 0.0, blank, blank, "USD", "", "no", ""),
        ("capacity", "two sides known", None, "fixed", 9.0, 8.0, 9.5, "USD", "", "yes", ""),
        ("capacity", "open", 2031, "fixed", 7.0, blank, blank, "USD", "", "open", ""),
        ("capacity", "open", 2032, "fixed", 6.0, blank, blank, "USD", "", "open", ""),
        ("capacity", "one", None, "fixed", 5.0, blank, blank, "USD", "", "no", ""),
        (
            "security premium",
            "JPN, gallium",
            2031,
            "fixed",
            3.0,
            blank,
            blank,
            "USD",
            "",
            "no",
            "",
        ),
        (
            "security premium",
            "DEU, gallium",
            2031,
            "fixed",
            2.0,
            blank,
            blank,
            "USD",
            "",
            "no",
            "",
        ),
    ]
    plan = dataclasses.replace(
        named().plan, tables={**named().plan.tables, "prices": pd.DataFrame(rows, columns=columns)}
    )
    shown = [
        (row["where"], row["value"], row["range"]) for row in prices(NamedPlan(plan, named().world))
    ]
    assert shown == [
        ("programme", "1 USD ?", "0 to 1.5"),
        ("magnets", "4 USD", "3 to 5"),
        ("mining 2031", "90 USD", ""),
        ("two sides known", "9 USD", "8 to 9.5"),
        ("open 2031", "7 USD *", ""),
        ("one", "5 USD", ""),
        ("JPN, gallium 2031", "3 USD", ""),
    ]


def test_two_plans_are_told_apart_by_what_their_cases_say() -> None:
    text = render_page(named(), named(40.0))
    assert "Small world, budget USD 60 million" in text
    assert "Small world, budget USD 40 million" in text
    scales = set(re.findall(r'class="spot" data-region="\w+" data-scale="([\d.]+)"', text))
    assert len(scales) == 2, "one scale for circles on wide maps, one on narrow maps"
    found = differences(named(), named(40.0))
    only_first = {row["project"] for row in found.only_first}
    assert only_first == set(named().plan.portfolio["project"]) - set(
        named(40.0).plan.portfolio["project"]
    )


def test_other_tables_than_those_of_the_plan_are_refused(tmp_path: Path) -> None:
    write_tables(tmp_path / "tables")
    named().plan.save(tmp_path / "plan")
    with pytest.raises(InputError, match="other tables than those that the plan was made from"):
        load_named_plan(Plan.load(tmp_path / "plan"), tmp_path / "tables")
    assert "--data" in load_named_plan(Plan.load(tmp_path / "plan")).missing
    assert tables().digest == "in memory"
