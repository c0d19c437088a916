"""The audit finds what is planted: a good plan, one number of it (or of its data) changed, and the
finding that names it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from typing import Any

import pandas as pd
import pytest
from planted_concepts import CONCEPTS
from planting import ALL, SUPPORT, drop, every, more, new, put
from random_worlds import LAST, World, random_world
from witness import audited_plan

from paxsilica.audit import audit
from paxsilica.case import Case
from paxsilica.model import COSTS
from paxsilica.plan.result import Plan
from paxsilica.tables import Tables

SEED = 16


def drawn() -> World:
    """A random world in which a project needs support in its first year: its fixed cost exceeds its
    profit on the capacity that it has by then."""
    world = random_world(SEED)
    for row in world.tables["projects"]:
        if row["project"] == "new-0-metal":
            row["fixed_cost_usd_m"] = 0.6
    return world


@cache
def good() -> tuple[Plan, Tables, Case]:
    tables, case = drawn().read()
    return audited_plan(tables, case), tables, case


def public(frame: pd.DataFrame) -> Any:
    return frame["funder"] != "sponsor"


def cut(frame: pd.DataFrame) -> Any:
    return frame["state"].str.startswith("cut off") & (frame["activity"].astype(float) > 1)


def limited(frame: pd.DataFrame) -> Any:
    return frame["capacity"].notna() & (frame["activity"].astype(float) > 1)


def closed(asset: str) -> Any:
    """Lists an existing plant as closed in one year."""

    def change(tables: dict[str, pd.DataFrame]) -> None:
        row = {"asset": asset, "name": asset, "year": 2027, "state": "closed", "saved_usd_m": 0.0}
        tables["closings"] = pd.DataFrame([row])

    return change


PLANTED: dict[str, tuple[Any, str]] = SUPPORT | {
    "closing of a plant that may not be closed": (closed("ore-AUS"), "state of a plant"),
    "activity of a plant that is out of service": (
        lambda tables: (
            closed("ore-CHN")(tables),
            put("closings", "state", "mothballed")(tables),
        ),
        "activity within capacity",
    ),
    "activity above capacity": (
        put("operation", "activity", lambda was: 1e4, limited),
        "activity within capacity",
    ),
    "activity lowered": (
        put("operation", "activity", lambda was: was / 2, limited),
        "commodity balance",
    ),
    "negative activity": (put("operation", "activity", -5.0), "activity"),
    "disrupted activity above standby capacity": (
        put("operation", "standby", 0.0, lambda f: cut(f) & (f["standby"].fillna(0.0) > 0)),
        "standby capacity",
    ),
    "standby capacity raised": (
        put("operation", "standby", lambda was: was + 50, lambda f: f["standby"].fillna(0.0) > 0),
        "minimum utilisation",
    ),
    "standby capacity above capacity": (
        put("operation", "standby", 1e4, lambda f: f["standby"].fillna(0.0) > 0),
        "standby within capacity",
    ),
    "standby capacity of a plant that runs when cut off lowered": (
        put(
            "operation",
            "standby",
            0.0,
            lambda f: (f["state"] == "normal 2028") & (f["standby"].fillna(0.0) > 0),
        ),
        "activity within standby capacity",
    ),
    "credited capacity told wrong": (
        put("operation", "capacity", lambda was: was + 1, limited),
        "capacity",
    ),
    "row of operation dropped": (drop("operation", limited), "commodity balance"),
    "operating state dropped": (drop("operating_states"), "operating state"),
    "probability changed": (put("operating_states", "probability", 0.123), "operating state"),
    "payment dropped": (drop("funding", public), "payments of funders"),
    "payment into a project that is not committed": (
        more("funding", project="new-3-metal"),
        "payment into a project",
    ),
    "payment lowered": (
        put("funding", "usd_m", lambda was: was * 0.9, public),
        "payments of funders",
    ),
    "payment by an unknown funder": (put("funding", "funder", "unknown", public), "funder"),
    "return of a funder": (
        put("statements", "npv_usd_m", lambda was: was + 1),
        "statement of a funder",
    ),
    "money at home of a funder": (
        put("statements", "home_usd_m", lambda was: was + 1),
        "statement of a funder",
    ),
    "projects of a funder": (
        put("statements", "projects", lambda was: was + 1),
        "statement of a funder",
    ),
    "preference of a funder": (
        put("statements", "preference_usd_m", lambda was: was + 1),
        "statement of a funder",
    ),
    "cash of a funder": (put("funder_cash", "paid_usd_m", 9.0), "statement of a funder"),
    "statement dropped": (drop("statements"), "statement of a funder"),
    "sponsor's payment dropped": (drop("funding", lambda f: ~public(f)), "payment of the sponsor"),
    "commitment outside its window": (put("commitments", "year", LAST + 1), "window of commitment"),
    "commitment in another year": (put("commitments", "year", lambda was: was + 1), "portfolio"),
    "prerequisite committed too late": (
        put("commitments", "year", 2028, lambda f: f["project"] == "new-0-metal"),
        "prerequisite",
    ),
    "size beyond the largest": (put("commitments", "size", 1e4), "largest size"),
    "size below the smallest": (put("commitments", "size", 1.0), "smallest size"),
    "size taken back": (more("commitments", year=2027, size=-1.0), "size added"),
    "size added to a project that cannot be expanded": (
        more("commitments", project="new-2-metal", year=2027, size=5.0),
        "size added after the commitment",
    ),
    "size added too late": (
        more("commitments", year=LAST, size=5.0),
        "size added after the commitment",
    ),
    "commitment dropped": (drop("commitments"), "portfolio and commitments"),
    "project twice in the portfolio": (more("portfolio"), "project committed once"),
    "capital told wrong": (put("portfolio", "capex_usd_m", lambda was: was * 1.01), "portfolio"),
    "funders of a project wrong": (put("portfolio", "funders", "fund-9 3"), "portfolio"),
    "account told wrong": (
        put("accounts", "npv_usd_m", lambda was: was + 0.1, lambda f: f["npv_usd_m"].notna()),
        "account",
    ),
    "payment of an account told wrong": (
        put("accounts", "paid_usd_m", lambda was: was * 1.01),
        "account",
    ),
    "obligations told wrong": (
        put("portfolio", "obligations_usd_m", lambda was: was + 0.1),
        "obligations after the end",
    ),
    "operating support told wrong": (
        put("portfolio", "operating_support_usd_m", lambda was: was + 0.1),
        "operating support",
    ),
    "coverage overstated": (
        put("coverage_by_commodity", "standalone_coverage", 1.2),
        "range of standalone_coverage",
    ),
    "stage better covered than its weakest": (
        put("coverage", "standalone_coverage", lambda was: was + 0.01),
        "standalone_coverage of a stage",
    ),
    "weakest commodity told wrong": (
        put("coverage", "weakest_commodity", "acid"),
        "weakest commodity",
    ),
    "nameplate share overstated": (
        put("coverage_by_commodity", "nameplate_share", lambda was: was / 2 + 0.1),
        "nameplate share",
    ),
    "need understated": (put("coverage_by_commodity", "need", lambda was: was * 0.99), "need"),
    "shortfall hidden": (
        put(
            "coverage_by_commodity", "shortfall", 0.0, lambda f: f["shortfall"].astype(float) > 0.01
        ),
        "production when cut off",
    ),
    "demand told wrong": (put("service", "demand", lambda was: was * 0.9), "demand"),
    "unserved demand hidden": (
        put("service", "unserved", 0.0, lambda f: f["unserved"].astype(float) > 0.01),
        "commodity balance",
    ),
    "demand left unserved when cut off": (
        put(
            "service",
            "unserved",
            lambda was: was + 20,
            lambda f: (f["state"] == "cut off 2028") & (f["region"] == "AUS"),
        ),
        "delivery when cut off",
    ),
    "shipment without a route": (
        more("shipments", from_region="AUS", to_region="CHN", commodity="acid"),
        "shipment without a route",
    ),
    "shipment lowered": (put("shipments", "quantity", lambda was: was / 2), "commodity balance"),
    "store overfull": (put("stocks", "level", 1e3), "level of a store"),
    "drawn more than was in store": (put("stock_draws", "quantity", 1e3), "draw on a store"),
    "cost term lowered": (put("costs", "usd_m", lambda was: was - 0.01), "term of cost"),
    "funder's account told wrong": (
        put("funders", "paid_usd_m", lambda was: was + 1),
        "table of funders",
    ),
    "binding limit invented": (
        lambda tables: tables.update(
            binding=pd.DataFrame(
                [("budget of the programme", "programme", None, 1.0, 1.0, "USD million")],
                columns=tables["binding"].columns,
            )
        ),
        "binding limit",
    ),
    "unknown project committed": (more("commitments", project="unknown"), "commitment"),
    "unit of a commitment changed": (put("commitments", "unit", "kg"), "unit of a commitment"),
    "negative payment": (put("funding", "usd_m", lambda was: -was, public), "payment"),
    "region of a plant changed": (put("operation", "region", "RUS"), "operation"),
    "unknown plant runs": (more("operation", plant="unknown"), "row of operation"),
    "shipment listed twice": (more("shipments"), "row of shipments"),
    "unknown store": (more("stocks", region="CHN"), "row of stocks"),
    "mode changed": (put("operation", "mode", "disrupted"), "mode in operation"),
    "year changed": (put("shipments", "year", LAST + 1), "year in shipments"),
    "unit of a shipment changed": (put("shipments", "unit", "kg"), "unit in shipments"),
    "negative shipment": (put("shipments", "quantity", -5.0), "shipment"),
    "more unserved than is wanted": (
        put("service", "unserved", lambda was: was + 1e3),
        "unserved demand",
    ),
    "coverage of a commodity dropped": (drop("coverage_by_commodity"), "coverage"),
    "required share changed": (
        put("coverage_by_commodity", "required_share", lambda was: was / 2),
        "required share",
    ),
    "negative shortfall": (put("coverage_by_commodity", "shortfall", -1.0), "shortfall"),
    "coverage understated": (
        put(
            "coverage_by_commodity",
            "standalone_coverage",
            0.0,
            lambda f: f["standalone_coverage"].astype(float) > 0.2,
        ),
        "standalone_coverage of a stage",
    ),
    "coverage beyond all plants": (
        put(
            "coverage_by_commodity",
            "standalone_coverage",
            1.0,
            lambda f: f["credited_share"].astype(float) < 0.5,
        ),
        "reach of standalone_coverage",
    ),
    "coverage without the plan beyond all plants": (
        put(
            "coverage_by_commodity",
            "standalone_coverage_without",
            1.0,
            lambda f: f["commodity"] == "metal",
        ),
        "reach of standalone_coverage_without",
    ),
    "nameplate share without the plan overstated": (
        put("coverage_by_commodity", "nameplate_share_without", lambda was: was / 2 + 0.1),
        "nameplate share without the plan",
    ),
    "table left out": (lambda tables: tables.pop("stocks"), "tables of the plan"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_error_is_found(name: str) -> None:
    plan, tables, case = good()
    change, what = PLANTED[name]
    changed = {key: frame.copy() for key, frame in plan.tables.items()}
    change(changed)
    found = audit(dataclasses.replace(plan, tables=changed), tables, case)
    assert what in {finding.what for finding in found}, (
        "\n".join(map(str, found)) or "nothing found"
    )


def test_untrusted_plant_that_runs_and_ships_in_the_cut_off_is_found() -> None:
    plan, tables, case = good()
    operation, shipments = (plan.tables[name].astype(object) for name in ("operation", "shipments"))
    name = next(
        one for one in plan.tables["operating_states"]["state"] if one.startswith("cut off")
    )
    runs = (
        operation[(operation["region"] == "CHN") & (operation["mode"] == "normal")]
        .iloc[0]
        .to_dict()
    )
    moves = (
        shipments[(shipments["from_region"] == "CHN") & (shipments["mode"] == "normal")]
        .iloc[0]
        .to_dict()
    )
    disrupted = {"state": name, "mode": "disrupted", "year": int(name.split()[-1])}
    changed = dict(plan.tables) | {
        "operation": pd.concat(
            [operation, pd.DataFrame([runs | disrupted | {"activity": 3.0}], dtype=object)],
            ignore_index=True,
        ),
        "shipments": pd.concat(
            [shipments, pd.DataFrame([moves | disrupted | {"quantity": 3.0}], dtype=object)],
            ignore_index=True,
        ),
    }
    found = {
        finding.what for finding in audit(dataclasses.replace(plan, tables=changed), tables, case)
    }
    assert {"cut off", "shipment that is cut off"} <= found


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"objective": 1.0}, "objective"),
        ({"bound": 1e6}, "bound"),
        ({"bound": None}, "bound"),
        ({"bound": -1e6}, "proved gap"),
        ({"capital_decided_usd_m": 0.5}, "capital decided"),
        ({"manifest": {}}, "origin"),
        ({"manifest": {"user_rows": {"mine": 2}}}, "constraint of the user"),
        ({"tables": {}}, "status"),
        ({"status": "infeasible"}, "tables of the plan"),
    ],
)
def test_wrong_claim_about_the_whole_plan_is_found(changes: dict[str, Any], what: str) -> None:
    plan, tables, case = good()
    assert what in {
        finding.what for finding in audit(dataclasses.replace(plan, **changes), tables, case)
    }


STRICTER: dict[str, tuple[Callable[[World], Any], str]] = CONCEPTS | {
    "envelope": (every("funders", envelope_usd_m=0.5), "envelope of a funder"),
    "annual limit": (
        every("funders", annual_limit_usd_m=0.1, carry_over="no"),
        "limit of a funder by year",
    ),
    "largest share": (every("funders", largest_share=0.01), "largest share of a funder"),
    "smallest ticket": (
        every("funders", smallest_ticket_usd_m=900),
        "smallest ticket of a funder",
    ),
    "late funders": (every("funders", from_year=LAST), "year of a funder"),
    "mandates": (
        lambda world: [
            new("mandates", funder=f"fund-{n}", stage="ore", region="*")(world) for n in range(3)
        ],
        "mandate of a funder",
    ),
    "limit of a mandate": (
        lambda world: (
            [world.tables["mandates"].clear()]
            + [
                new("mandates", funder=f"fund-{n}", stage="*", region="*", largest_usd_m=0.1)(world)
                for n in range(3)
            ]
        ),
        "limit of a mandate",
    ),
    "budget": (lambda world: world.case.update(budget_usd_m=0.1), "budget of the programme"),
    "signed deal": (
        new(
            "deals",
            deal="deal",
            funder="fund-0",
            project="new-2-metal",
            state="signed",
            date="2026",
            instrument="loan",
            amount_usd_m=3.7,
        ),
        "signed deal",
    ),
    "absent funders": (
        lambda world: world.case.update(funders={"exclude": ["fund-0", "fund-1", "fund-2"]}),
        "year of a funder",
    ),
    "limit on projects": (
        new("limits", limit="x", measure="projects", sense="at most", value=1, **ALL),
        "limit on plants",
    ),
    "limit on capital": (
        new("limits", limit="x", measure="capital", sense="at most", value=0.1, **ALL),
        "limit on plants",
    ),
    "limit on capacity": (
        new(
            "limits",
            limit="x",
            measure="capacity",
            sense="at least",
            value=1e9,
            **ALL | {"process": "make-ore"},
        ),
        "limit on plants",
    ),
    "limit on activity": (
        new("limits", limit="x", measure="activity", sense="at most", value=1, **ALL),
        "limit on operation",
    ),
    "limit on production": (
        new("limits", limit="x", measure="production", sense="at least", value=1e9, **ALL),
        "limit on operation",
    ),
    "limit on shipments": (
        new("limits", limit="x", measure="shipment", sense="at most", value=1, **ALL),
        "limit on operation",
    ),
    "largest shipment": (every("routes", largest_shipment=0.5), "largest shipment"),
    "smallest shipment": (
        new(
            "routes",
            from_region="AUS",
            to_region="CHN",
            commodity="acid",
            cost_usd_per_unit=1,
            smallest_shipment=4,
        ),
        "smallest shipment",
    ),
    "must run": (every("assets", must_run_share=1.0), "must run"),
    "forbidden surplus": (every("commodities", surplus="forbidden"), "forbidden surplus"),
    "distrust": (
        lambda world: world.case.update(
            roles={"protected": ["participant"], "adversary": ["signatory", "adversary"]}
        ),
        "need",
    ),
    "hard coverage": (
        lambda world: world.case["coverage"].update(hard=True),
        "shortfall of hard coverage",
    ),
    "hard cap": (
        lambda world: world.case.update(
            concentration={"max_share": 0.01, "from_year": 2026, "hard": True}
        ),
        "cap on a region's share",
    ),
    "final level": (every("stocks", final=39.0), "final level of a store"),
    "required project": (
        every(
            "projects",
            commitment="required",
            exclusive_group=None,
            prerequisites=None,
            latest_commitment=None,
            earliest_commitment=None,
        ),
        "required project",
    ),
    "exclusive group": (
        every("projects", exclusive_group="one", prerequisites=None, commitment=None),
        "exclusive group",
    ),
    "shorter window": (
        every(
            "projects",
            earliest_commitment=LAST,
            latest_commitment=None,
            lead_time_years=0,
            prerequisites=None,
        ),
        "window of commitment",
    ),
    "uses outside the chain": (
        lambda world: (
            world.tables["commodities"][1].update(covered="no", stage=None),
            world.case["coverage"].update(hard=True, required=1.0),
        ),
        "uses outside the chain",
    ),
    "floor of a store": (
        lambda world: [row.update(floor=row["initial"]) for row in world.tables["stocks"]],
        "level of a store",
    ),
    "demand without a shortage price": (
        lambda world: (
            every("commodities", shortage_price_usd_per_unit=None)(world),
            world.case["coverage"].update(hard=True),
            world.case["concentration"].update(hard=True),
        ),
        "demand that must be served",
    ),
    "demand that buys little": (
        lambda world: [row.update(quantity=0.1) for row in world.tables["demand"]],
        "output sold within need",
    ),
    "nobody pays support": (
        lambda world: world.case.update(support={"pay": False}),
        "operating support",
    ),
    "dearer ore": (every("assets", variable_cost_usd_per_unit=1e6), "term of cost"),
    "price of what must be served": (
        every("commodities", shortage_price_usd_per_unit=9e5),
        "term of cost",
    ),
}


EXPECTED = frozenset(what for _, what in (*PLANTED.values(), *STRICTER.values()))
"""Findings that a planted error must cause. The tests of the registers require every name here."""

OTHER_COSTS: dict[str, Callable[[World], Any]] = {
    "capital": every("projects", capex_usd_m=50.0),
    "fixed_operation": every("assets", fixed_cost_usd_m=3.0),
    "operation": every("assets", variable_cost_usd_per_unit=1e6),
    "operating_support": lambda world: world.case["finance"].update(public_funds_cost=3.0),
    "trade": every("routes", cost_usd_per_unit=1e5),
    "stockholding": every("stocks", holding_cost_usd_per_unit=1e5),
    "unmet_demand": every("commodities", shortage_price_usd_per_unit=9e5),
    "coverage_shortfall": lambda world: world.case["coverage"].update(shortfall_weight=3.0),
    "funder_preference": lambda world: world.case.update(funders={"preference": 0.5}),
}
"""Changes of the data by cost term. With them, the term of the unchanged plan is wrong."""


@pytest.mark.parametrize("name", STRICTER)
def test_rule_that_the_plan_breaks_is_named(name: str) -> None:
    """The same plan held against stricter data, as if the model had overlooked the rule."""
    plan, _, _ = good()
    world = drawn()
    change, what = STRICTER[name]
    change(world)
    tables, case = world.read()
    found = {finding.what for finding in audit(plan, tables, case)}
    assert "origin" in found
    assert what in found


@pytest.mark.parametrize("term", COSTS)
def test_cost_term_of_other_data_is_named(term: str) -> None:
    plan, _, _ = good()
    world = drawn()
    OTHER_COSTS[term](world)
    tables, case = world.read()
    found = {(finding.what, finding.where) for finding in audit(plan, tables, case)}
    assert (COSTS[term].audit, term) in found


def test_plan_without_tables_claims_nothing() -> None:
    plan, tables, case = good()
    empty = dataclasses.replace(plan, status="infeasible", objective=None, bound=None, tables={})
    assert audit(empty, tables, case) == []


def test_plan_read_back_from_a_folder_is_as_good(tmp_path: Any) -> None:
    plan, tables, case = good()
    plan.save(tmp_path)
    assert audit(Plan.load(tmp_path), tables, case) == []
