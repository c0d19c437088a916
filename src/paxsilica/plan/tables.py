"""What each table of a plan holds, column by column: the contract of whoever reads plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class TableDoc:
    """What a table of a plan holds; ``columns`` maps each column to what it says, unit included."""

    title: str
    columns: Mapping[str, str]


PLAN_TABLES: Mapping[str, TableDoc] = {
    "portfolio": TableDoc(
        "Projects to commit, by year",
        {
            "project": "key of the project in the data",
            "name": "name",
            "stage": "stage of the chain",
            "region": "host",
            "process": "what it does",
            "status": "status in the data",
            "committed_year": "year of commitment",
            "online_year": "first year of operation",
            "size": "size committed by the end, in size_unit",
            "size_unit": "unit of size, per year",
            "credited_size": "size after the credit for its status",
            "capex_usd_m": "capital, USD million",
            "sponsor_usd_m": "the owner's own share, USD million",
            "public_usd_m": "paid by funders, USD million",
            "who_pays": "funders and USD million each",
            "operating_support_usd_m": (
                "support to keep it warm, discounted over the years of the case, USD million"
            ),
        },
    ),
    "commitments": TableDoc(
        "Size committed, by year of commitment",
        {
            "project": "project",
            "year": "year of commitment",
            "size": "size committed in the year, in unit",
            "unit": "unit of size, per year",
        },
    ),
    "coverage": TableDoc(
        "Coverage of each stage and year when everything not trusted is cut off",
        {
            "stage": "stage of the chain",
            "name": "name of the stage",
            "year": "year of the cut-off",
            "nameplate_share_without": (
                "trusted hosts' nameplate over need, without the plan (share of 1)"
            ),
            "coverage_without": ("share of need that the trusted chain can make, without the plan"),
            "nameplate_share": "trusted hosts' nameplate over need, with the plan",
            "coverage": "share of need that the trusted chain can make, with the plan",
            "required_share": "share that the case asks for",
            "weakest_commodity": "commodity with the least traced share, with the plan",
        },
    ),
    "coverage_by_commodity": TableDoc(
        "Coverage of each commodity and year when everything not trusted is cut off",
        {
            "stage": "stage of the chain",
            "commodity": "commodity",
            "year": "year of the cut-off",
            "unit": "unit of need",
            "need": "need of the trusted world, in unit",
            "nameplate_share_without": (
                "trusted hosts' nameplate over need, without the plan (share of 1)"
            ),
            "coverage_without": ("share of need that the trusted chain can make, without the plan"),
            "nameplate_share": "trusted hosts' nameplate over need, with the plan",
            "coverage": "share of need that the trusted chain can make, with the plan",
            "required_share": "share that the case asks for",
            "shortfall": "missing against the required share in the plan's own cut-off, in unit",
        },
    ),
    "funding": TableDoc(
        "Who pays what when; `sponsor` is the owner of the project",
        {
            "funder": "funder, or sponsor",
            "project": "project",
            "year": "year of payment",
            "usd_m": "USD million",
        },
    ),
    "funders": TableDoc(
        "Budget of each funder that takes part",
        {
            "funder": "funder",
            "name": "name",
            "region": "region",
            "available_usd_m": "most it can deliver over the case, USD million",
            "paid_usd_m": "paid in the plan, USD million",
            "left_usd_m": "not used, USD million",
            "projects": "number of projects",
        },
    ),
    "operating_states": TableDoc(
        "Operating states: a year in a state of the world",
        {
            "state": "operating state",
            "mode": "reference (normal times) or stress (something is cut off)",
            "year": "year",
            "probability": (
                "weight in expected cost (share of 1); 0 for a copy that only proves coverage"
            ),
            "scenarios": "scenarios that share the copy",
            "cut_off": "what is cut off, as region commodity; * for all",
            "events": "other events, as event region commodity process factor; * for all",
            "normal_state": (
                "normal state in which plants are kept warm for this one; blank for a reference"
                " copy"
            ),
            "coverage_test": "whether coverage is asked for in it (yes or no)",
        },
    ),
    "operation": TableDoc(
        "What runs, in every operating state",
        {
            "state": "operating state",
            "mode": "reference (normal times) or stress (something is cut off)",
            "year": "year",
            "plant": "asset or project",
            "kind": "asset or project",
            "stage": "stage",
            "region": "host",
            "process": "process",
            "activity": "how much it runs, in unit",
            "unit": "unit of activity, per year",
            "capacity": "credited capacity, in unit; blank: no limit",
            "standby": (
                "capacity kept ready for a cut-off, in unit; blank where nothing need be kept"
            ),
        },
    ),
    "shipments": TableDoc(
        "What moves, in every operating state",
        {
            "state": "operating state",
            "mode": "reference or stress",
            "year": "year",
            "from_region": "from",
            "to_region": "to",
            "commodity": "commodity",
            "quantity": "quantity, in unit",
            "unit": "unit, per year",
        },
    ),
    "service": TableDoc(
        "Final demand, and what of it is served",
        {
            "state": "operating state",
            "mode": "reference or stress",
            "year": "year",
            "region": "region",
            "commodity": "commodity",
            "demand": "wanted, in unit",
            "unserved": "not served, in unit",
            "unit": "unit, per year",
        },
    ),
    "stocks": TableDoc(
        "Stores at the end of each year",
        {
            "region": "region",
            "commodity": "commodity",
            "year": "year",
            "level": "level, in unit",
            "unit": "unit",
        },
    ),
    "stock_draws": TableDoc(
        "What is drawn from strategic stores in a cut-off",
        {
            "state": "operating state",
            "year": "year",
            "region": "region",
            "commodity": "commodity",
            "quantity": "quantity, in unit",
            "unit": "unit, per year",
        },
    ),
    "costs": TableDoc(
        "Expected discounted cost by term",
        {
            "term": "term of the objective",
            "usd_m": "USD million, discounted to the first year",
            "meaning": "what it is",
        },
    ),
    "binding": TableDoc(
        "What binds: limits that the plan uses up",
        {
            "what": "kind of limit",
            "where": "of what",
            "year": "year; blank: all years",
            "limit": "the limit, in unit",
            "used": "used, in unit",
            "unit": "unit",
        },
    ),
}

PRICE_TABLES: Mapping[str, TableDoc] = {
    "prices": TableDoc(
        "Prices: what one more of something saves or costs, by kind of price",
        {
            "what": "what is priced",
            "where": "of whom or of what",
            "when": "year; blank: all years",
            "kind": (
                "fixed (integer decisions held at the plan), relaxed (projects divisible), hull"
                " (convex hull of each project's choices) or resolve (solved again)"
            ),
            "value": (
                "the price, in unit; for a limit positive is what one more saves, for a requirement"
                " or a good what one more costs"
            ),
            "low": (
                "lower end: for resolve of the interval that the gaps leave, for a dual of its"
                " prices on the two sides; blank: not looked for"
            ),
            "high": "upper end, likewise",
            "unit": "unit of value, low and high",
            "meaning": "the price in a sentence",
            "degenerate": (
                "of duals: no (one more and one less have the same price, proved), yes (they have"
                " different ones, proved; where both were looked for they are low and high), open"
                " (not known without looking); blank: not a dual"
            ),
            "undecided": (
                "yes: the interval holds zero and more, so that the sign hangs on the gap of the"
                " solver; blank: not a re-solve"
            ),
        },
    ),
    "price_proof": TableDoc(
        "How far the duals behind the prices are from being right",
        {
            "kind": "kind of price",
            "check": (
                "feasibility (of the plan), sign (of duals), slackness (duals times slack) or"
                " duality (value of all sides at the duals)"
            ),
            "error": (
                "largest error found: of signs relative to the largest cost coefficient, of money"
                " relative to the objective"
            ),
            "tolerance": "error from which on no price is told",
        },
    ),
    "value_curve": TableDoc(
        "Least objective over a range of the budget or of a funder's envelope",
        {
            "what": "whose money",
            "money_usd_m": "the budget or envelope, USD million",
            "objective": "objective of the best plan known at it, USD million; blank: none",
            "bound": "what no plan at it can be below, USD million",
            "paid_usd_m": "what that plan pays of it, USD million",
            "projects": "number of projects in that plan",
        },
    ),
    "value_jumps": TableDoc(
        "Where the best plan changes along the value curve",
        {
            "what": "whose money",
            "from_usd_m": "the change comes above this sum, USD million",
            "to_usd_m": "and no later than at this one",
            "saved_low": (
                "least that the objective falls between the two, as far as the gaps tell, USD"
                " million"
            ),
            "saved_high": "most that it falls",
            "enters": "projects that the plan above has and the one below has not",
            "leaves": "projects that the plan below has and the one above has not",
            "moves": "projects committed in another year",
            "undecided": "yes: the gaps leave open whether the objective falls at all",
        },
    ),
}
"""Tables that a plan has once its prices were asked for."""

ALL_TABLES: Mapping[str, TableDoc] = {**PLAN_TABLES, **PRICE_TABLES}

NUMBERS = frozenset(
    {
        *(
            "year",
            "committed_year",
            "online_year",
            "size",
            "credited_size",
            "capex_usd_m",
            "sponsor_usd_m",
            "public_usd_m",
        ),
        *(
            "operating_support_usd_m",
            "nameplate_share_without",
            "coverage_without",
            "nameplate_share",
            "coverage",
            "required_share",
        ),
        *(
            "need",
            "shortfall",
            "usd_m",
            "available_usd_m",
            "paid_usd_m",
            "left_usd_m",
            "projects",
            "probability",
            "activity",
            "capacity",
        ),
        *("standby", "quantity", "demand", "unserved", "level", "limit", "used"),
        *(
            "when",
            "value",
            "low",
            "high",
            "error",
            "tolerance",
            "money_usd_m",
            "objective",
            "bound",
        ),
        *("from_usd_m", "to_usd_m", "saved_low", "saved_high"),
    }
)
"""Columns of plans that hold numbers; all others hold text."""

NAMES = frozenset(column for doc in ALL_TABLES.values() for column in doc.columns) - NUMBERS
