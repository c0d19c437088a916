"""The schema of every table of a plan: type, unit, display format and meaning of each column."""

from __future__ import annotations

from collections.abc import Mapping

from paxsilica.output_tables import SHARE, Column, TableDoc
from paxsilica.output_tables import amount as _amount
from paxsilica.output_tables import count as _count
from paxsilica.output_tables import money as _money
from paxsilica.output_tables import number as _number
from paxsilica.output_tables import share as _share
from paxsilica.output_tables import table as _table
from paxsilica.output_tables import text as _text
from paxsilica.output_tables import year as _year
from paxsilica.output_tables import yes_no as _yes_no

_STATE = _text("operating state")
_MODE = _text("normal, or disrupted (a supply is cut off or another event takes place)")
_UNIT_PER_YEAR = _text("unit, per year")
_COVERAGE = {
    "nameplate_share_without": _share("nameplate capacity that is not cut off over need, no plan"),
    "credited_share_without": _share("credited capacity within reach over need, no plan"),
    "standalone_coverage_without": _share(
        "largest share of need that can be made, whatever other stages make, no plan"
    ),
    "joint_coverage_without": _share(
        "largest share of all needs of the year that can be met at once, no plan"
    ),
    "nameplate_share": _share("nameplate capacity that is not cut off over need, with the plan"),
    "credited_share": _share("credited capacity within reach over need, with the plan"),
    "standalone_coverage": _share(
        "largest share of need that can be made, whatever other stages make, with the plan"
    ),
    "joint_coverage": _share(
        "largest share of all needs of the year that can be met at once, with the plan"
    ),
    "required_share": _share("share of need that the case requires"),
}

_LARGEST = {
    f"largest_{what}{column}{suffix}": make(f"{words}, {plan}")
    for what in ("region", "plant")
    for suffix, plan in (("_without", "no plan"), ("", "with the plan"))
    for column, make, words in (
        ("", _text, f"{what} with most credited capacity"),
        ("_share", _share, "its share of the credited capacity"),
    )
}

PLAN_TABLES: Mapping[str, TableDoc] = {
    "portfolio": _table(
        "Projects to commit, by year",
        project=_text("key of the project in the data"),
        name=_text("name"),
        stage=_text("stage of the chain"),
        region=_text("region of the plant"),
        process=_text("process that it runs"),
        status=_text("status in the data"),
        committed_year=_year("year of commitment"),
        online_year=_year("first year of operation"),
        size=_amount("size committed by the end"),
        size_unit=_text("unit of size, per year"),
        credited_size=_amount("expected size: the size times the probability that it is completed"),
        capex_usd_m=_money("expected capital, all of it paid"),
        sponsor_usd_m=_money("the owner's own share"),
        public_usd_m=_money("paid by funders"),
        obligations_usd_m=_money(
            "annuities due after the last year of the case, undiscounted, of owner and funders"
        ),
        funders=_text("funders with the amount that each pays, USD million"),
        operating_support_usd_m=_money("operating support that funders pay, undiscounted"),
    ),
    "commitments": _table(
        "Size committed, by year of commitment",
        project=_text("project"),
        year=_year("year of commitment"),
        size=_amount("size committed in the year"),
        unit=_text("unit of size, per year"),
    ),
    "closings": _table(
        "Existing plants that the plan closes or mothballs, by year",
        asset=_text("key of the plant in the data"),
        name=_text("name"),
        year=_year("year in which it is out of service"),
        state=_text("closed (for good) or mothballed (in this year)"),
        saved_usd_m=_money("fixed cost that is saved in the year"),
    ),
    "dropped": _table(
        "Projects that no plan of the case can commit to",
        project=_text("key of the project in the data"),
        reason=_text("reason"),
    ),
    "coverage": _table(
        "Coverage of each stage and year when adversaries are cut off",
        stage=_text("stage of the chain"),
        name=_text("name of the stage"),
        year=_year("year of the cut-off"),
        **_COVERAGE,
        limiting_inputs=_text(
            "goods that limit the stage where it falls short, with the plan; blank otherwise"
        ),
        weakest_commodity=_text("commodity with the lowest standalone coverage, with the plan"),
    ),
    "joint_coverage": _table(
        "Coverage of the whole chain at once, by year, when adversaries are cut off",
        **{
            "year": _year("year of the cut-off"),
            "without": _share("largest share of all needs that can be met at once, no plan"),
            "with": _share("largest share of all needs that can be met at once, with the plan"),
            "required": _share("largest share that the case requires of a stage"),
            "capability_without": _share("as without, with all capacity ready at no cost"),
            "capability": _share("as with, with all capacity ready at no cost"),
            "requirement_ratio": _share(
                "largest part of every required share that can be met at once, with the plan"
            ),
            "limiting_goods": _text(
                "goods that cannot exceed the joint coverage in any operation, with the plan"
            ),
        },
    ),
    "security": _table(
        "How near the closest plan comes to the requirement, by stage and year",
        stage=_text("stage of the chain; blank for uses outside it"),
        name=_text("name of the stage"),
        year=_year("year of the cut-off"),
        required_share=_share("share that the case requires"),
        reachable_share=_share(
            "bound on what any plan could cover with all candidates and no limit of money"
        ),
        ratio=_share("part of the reachable share that the plan covers"),
    ),
    "first_years": _table(
        "First year from which a stage is covered, up to the last year, with the plan",
        stage=_text("stage of the chain"),
        name=_text("name of the stage"),
        any=_year("first year with any standalone coverage; blank: none"),
        half=_year("first year with half of the required share; blank: none"),
        all=_year("first year with all of the required share; blank: none"),
    ),
    "coverage_by_commodity": _table(
        "Coverage of each commodity and year when adversaries are cut off",
        stage=_text("stage of the chain"),
        commodity=_text("commodity"),
        year=_year("year of the cut-off"),
        unit=_text("unit of need, per year"),
        need=_amount("need of the covered regions"),
        **_COVERAGE,
        shortfall=_amount("shortfall of the stage in the cut-off of the plan, times the need"),
        limits_joint=_yes_no("whether the good limits the joint coverage with the plan"),
        **_LARGEST,
    ),
    "funding": _table(
        "Payments by funder, project and year; `sponsor` is the owner of the project",
        funder=_text("funder, or sponsor; unallocated where the case does not divide funders"),
        project=_text("project"),
        year=_year("year of payment"),
        usd_m=_money("payment"),
    ),
    "accounts": _table(
        "Payments and returns of each party of a project, at its own rate",
        project=_text("project"),
        party=_text("funder, or sponsor; unallocated where the case does not divide funders"),
        rate=_number("real rate of the party, per year", SHARE),
        paid_usd_m=_money("paid of the capital, undiscounted"),
        support_paid_usd_m=_money(
            "paid as operating support to the end of the economic life, undiscounted"
        ),
        received_usd_m=_money(
            "its part of the margin at list prices and of the operating support to the end of the"
            " economic life, undiscounted; blank: no price"
        ),
        npv_usd_m=_money(
            "net present value at its rate, at the beginning of the first year of the case;"
            " blank: no price"
        ),
        irr=_number(
            "internal rate of return, real, per year; blank: no price, or no single rate", SHARE
        ),
        note=_text("what is missing for the returns; blank: nothing"),
    ),
    "support": _table(
        "Operating support by plant, year and funder",
        plant=_text("project or existing plant"),
        name=_text("name"),
        kind=_text("project or asset"),
        region=_text("region of the plant"),
        year=_year("year"),
        funder=_text(
            "funder that pays; the funders of a group of plants divide the support of each plant in"
            " the same proportion; unallocated where the data has no funders"
        ),
        support_usd_m=_money("operating support that the funder pays, undiscounted"),
        price_floor_usd_per_unit=_number(
            "price of the main product at which the plant would need no support at the offtake"
            " quantity, USD per unit; blank: no output, so that capacity alone is paid for"
        ),
        offtake_quantity=_amount(
            "output of the main product for which the support is paid: what readiness requires"
            " where the plant loses money on it, else what it sells"
        ),
        unit=_text("unit of the offtake quantity, per year"),
        grant_equivalent_usd_m=_money(
            "grant in the first year of the case that is worth as much: the support, discounted"
        ),
    ),
    "statements": _table(
        "Statement of each funder that pays: what its money buys and earns",
        funder=_text("funder"),
        paid_usd_m=_money("paid of capital, undiscounted"),
        projects=_count("number of projects whose capital it pays"),
        signed_usd_m=_money("what signed and closed deals bind it to pay"),
        home_usd_m=_money("paid in its home region"),
        deals_usd_m=_money("paid elsewhere into projects on which it has a deal of any state"),
        elsewhere_usd_m=_money("the rest"),
        preference_usd_m=_money("weight of the rest in the objective, discounted; part of no cost"),
        support_usd_m=_money(
            "operating support that it pays, undiscounted: of projects to the end of their economic"
            " life, of existing plants in the years of the case"
        ),
        rate=_number("real rate of its money, per year", SHARE),
        priced_usd_m=_money("paid into projects whose goods have prices"),
        received_usd_m=_money(
            "its part of their margin at list prices and of their operating support to the end of"
            " their economic life, undiscounted"
        ),
        npv_usd_m=_money(
            "net present value of both, less the operating support, at its rate, at the beginning"
            " of the first year of the case"
        ),
        irr=_number("internal rate of return of the same, real; blank: no single rate", SHARE),
    ),
    "funder_cash": _table(
        "Cash of each funder that pays, by year",
        funder=_text("funder"),
        year=_year("year"),
        paid_usd_m=_money("paid into projects, at the beginning of the year"),
        support_usd_m=_money("operating support, at the end of the year"),
        received_usd_m=_money(
            "part of the margin and the operating support of priced projects, at the end of the"
            " year"
        ),
    ),
    "funders": _table(
        "Budget of each funder that takes part",
        funder=_text("funder"),
        name=_text("name"),
        region=_text("region"),
        available_usd_m=_money("most that it can pay over the years of the case"),
        paid_usd_m=_money("paid in the plan, for capital and operating support"),
        left_usd_m=_money("not used"),
        projects=_count("number of projects"),
    ),
    "operating_states": _table(
        "Operating states: a year in a state of the world",
        state=_STATE,
        mode=_MODE,
        year=_year("year"),
        probability=_number("weight in expected cost; 0 for a coverage test", SHARE),
        scenarios=_text("scenarios that share the state"),
        cut_off=_text("supplies that are cut off, as region commodity; * for all"),
        events=_text("other events, as event region commodity process factor; * for all"),
        normal_state=_text(
            "normal state in which the standby capacity for this state is kept; blank for a"
            " normal state"
        ),
        coverage_test=_yes_no("whether the case requires coverage in it (yes or no)"),
    ),
    "operation": _table(
        "Activity of every plant, in every operating state",
        state=_STATE,
        mode=_MODE,
        year=_year("year"),
        plant=_text("asset or project"),
        kind=_text("asset or project"),
        stage=_text("stage"),
        region=_text("region of the plant"),
        process=_text("process"),
        activity=_amount("activity"),
        unit=_text("unit of activity, per year"),
        capacity=_amount("credited capacity, for a project the expected one; blank: no limit"),
        standby=_amount("capacity kept ready for a cut-off; blank where none is required"),
    ),
    "shipments": _table(
        "Shipments, in every operating state",
        state=_STATE,
        mode=_MODE,
        year=_year("year"),
        from_region=_text("from"),
        to_region=_text("to"),
        commodity=_text("commodity"),
        quantity=_amount("quantity"),
        unit=_UNIT_PER_YEAR,
    ),
    "service": _table(
        "Final demand and the part of it that is not served",
        state=_STATE,
        mode=_MODE,
        year=_year("year"),
        region=_text("region"),
        commodity=_text("commodity"),
        demand=_amount("demand"),
        unserved=_amount("not served"),
        unit=_UNIT_PER_YEAR,
    ),
    "stocks": _table(
        "Strategic stocks at the end of each year",
        region=_text("region"),
        commodity=_text("commodity"),
        year=_year("year"),
        level=_amount("level"),
        unit=_text("unit"),
    ),
    "stock_draws": _table(
        "Draws on strategic stocks in a cut-off",
        state=_STATE,
        year=_year("year"),
        region=_text("region"),
        commodity=_text("commodity"),
        quantity=_amount("quantity"),
        unit=_UNIT_PER_YEAR,
    ),
    "costs": _table(
        "Expected discounted cost by term",
        term=_text("term of the objective"),
        usd_m=_money("cost, discounted to the first year"),
        without_usd_m=_money(
            "cost of the cheapest operation in normal times without any project; blank: not"
            " computed, or the price of a shortfall, which is no cost"
        ),
        meaning=_text("meaning"),
    ),
    "binding": _table(
        "Limits that the plan uses up",
        what=_text("kind of limit"),
        where=_text("funder, region or other object of the limit"),
        year=_year("year; blank: all years"),
        limit=_amount("the limit"),
        used=_amount("used"),
        unit=_text("unit"),
    ),
}
"""Tables that every plan has."""

PRICE_TABLES: Mapping[str, TableDoc] = {
    "front_prices": _table(
        "Shadow prices: the value of one more, in sentences",
        what=_text(
            "budget, joint coverage, envelope, stage coverage or scarcest good; not computed: the"
            " sentence says what is missing"
        ),
        name=_text("full name of the limit, the stage, the funder or the good"),
        value=_amount(
            "derivative of a linear program (projects divisible) in the direction that the sentence"
            " describes, mostly one more; infinite: one more leaves no plan"
        ),
        low=_amount("the smaller one of the left and the right derivative"),
        high=_amount("the larger one of the left and the right derivative"),
        unit=_text("unit of value, low and high"),
        stake_usd_m=_money(
            "value at stake: the price times the quantity, which ranks rows of one kind; blank:"
            " the price is not in money"
        ),
        sentence=_text("the price in a sentence"),
    ),
    "prices": _table(
        "Prices: saving or cost of one more unit, by kind of price",
        what=_text("kind of item that is priced"),
        where=_text("funder, region, project or other object of the price"),
        when=_year("year; blank: all years"),
        kind=_text(
            "fixed (fixed-integer dual), relaxed (LP-relaxation dual), hull (convex-hull price),"
            " resolve (finite difference, re-solve) or commitment (support that a commitment needs"
            " at the fixed-integer duals)"
        ),
        value=_amount(
            "the price; for a limit positive is the saving from one more, for a requirement or a"
            " commodity the cost of one more"
        ),
        low=_amount(
            "lower end: for resolve of the interval that the optimality gaps leave, for a dual of"
            " its left and right values; blank: not computed"
        ),
        high=_amount("upper end, likewise"),
        unit=_text("unit of value, low and high"),
        meaning=_text("the price in a sentence"),
        degenerate=_text(
            "of duals: no (left and right values are equal, proved), yes (they differ, proved;"
            " where both were computed they are low and high), open (not known); blank: not a dual"
        ),
        undecided=_yes_no(
            "yes: the interval contains zero and positive or negative values, so that the sign"
            " depends on the optimality gap; blank: not a re-solve"
        ),
        stake_usd_m=_money(
            "value at stake: the price times the quantity, in money of the objective, which ranks"
            " rows of one kind of item whatever their units; blank: the price has no quantity"
        ),
    ),
    "price_proof": _table(
        "Largest errors of the duals from which the prices are taken",
        kind=_text("kind of price"),
        check=_text(
            "feasibility (of the plan), sign (of duals), slackness (duals times slack) or duality"
            " (value of all right-hand sides at the duals)"
        ),
        error=_number(
            "largest error: of signs relative to the largest cost coefficient, of money relative"
            " to the objective"
        ),
        tolerance=_number("largest error at which prices are reported"),
    ),
    "value_curve": _table(
        "Least objective over a range of the budget or of a funder's envelope",
        what=_text("the budget or the funder"),
        money_usd_m=_money("the budget or envelope"),
        objective=_money("objective of the best known plan; blank: none"),
        bound=_money("lower bound on the objective"),
        paid_usd_m=_money("paid of it in that plan"),
        projects=_count("number of projects in that plan"),
    ),
    "value_jumps": _table(
        "Changes of the best plan along the value curve",
        what=_text("the budget or the funder"),
        from_usd_m=_money("largest amount below the change"),
        to_usd_m=_money("smallest amount above the change"),
        saved_low=_money("lower bound on the fall of the objective between the two"),
        saved_high=_money("upper bound on it"),
        enters=_text("projects in the plan above and not in the plan below"),
        leaves=_text("projects in the plan below and not in the plan above"),
        moves=_text("projects committed in another year"),
        undecided=_yes_no("yes: the optimality gaps do not prove that the objective falls"),
    ),
}
"""Tables that a plan has once its prices are computed."""

ALL_TABLES: Mapping[str, TableDoc] = {**PLAN_TABLES, **PRICE_TABLES}


def column_of(table: str, column: str) -> Column:
    """The schema of a column.

    Raises:
        KeyError: if a plan has no such table or the table no such column.
    """
    return ALL_TABLES[table].schema[column]
