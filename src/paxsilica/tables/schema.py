"""The schema of every table: one class per table, one field per column, in the order of the chain
from world to question.

A table is a CSV file (``data/NAME.csv``) whose header holds the column names. Columns without a
default are required. Columns with the default ``None`` may be blank or absent; their description
gives the meaning of that. Columns with one sensible answer may be blank in a file too; ``defaults``
lists them, and nothing else is assumed. Money is in USD of the case's price year,
real; ``usd_m`` is USD million.

Any folder of these tables is a problem that the program can solve; the code contains no data of a
particular supply chain. The tables ``regions``, ``commodities``, ``processes`` and ``recipes`` are
required, and ``assets`` or ``projects`` to run the processes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from paxsilica.tables.base import NonNegative, RegionRef, Row, Share, Status
from paxsilica.tables.columns import (
    Column,
    Date,
    Key,
    Label,
    Names,
    Number,
    Text,
    Weights,
    Whole,
    Year,
    YesNo,
)
from paxsilica.tables.deals import Deal, Funder, Mandate
from paxsilica.tables.plants import Asset, Completion, Project, StatusCredit
from paxsilica.tables.records import Provenance, Published, Series, Source

__all__ = [
    "TABLES",
    "Asset",
    "Commodity",
    "Completion",
    "Deal",
    "Demand",
    "Event",
    "Funder",
    "Limit",
    "Mandate",
    "Membership",
    "NonNegative",
    "Process",
    "Project",
    "Provenance",
    "Published",
    "Recipe",
    "Region",
    "RegionRef",
    "Route",
    "Row",
    "Scenario",
    "Series",
    "Share",
    "Source",
    "Stage",
    "Status",
    "StatusCredit",
    "Stock",
]


class Stage(Row):
    """A step of the chain for which coverage is required and reported."""

    key = ("stage",)
    absent = "there is no coverage by stage; commodities and processes then name no stage"
    stage: Key
    order: Annotated[
        Whole, Field(ge=1, description="position along the chain, 1 nearest to the ore")
    ]
    name: Label
    description: Text | None = None


class Region(Row):
    """A country, a named group of countries, or a hub through which trade passes."""

    key = ("region",)
    region: Key
    name: Label
    kind: Literal["country", "group", "hub"] = Field(
        description=(
            "a hub only passes goods on: it has no plants, no demand, and is never cut off"
        )
    )
    group: RegionRef | None = Field(
        None,
        description="group of countries that it belongs to, whose funders are at home in it too",
    )
    latitude: Annotated[Number, Field(ge=-90, le=90), Column(unit="degrees")] | None = Field(
        None, description="for maps only"
    )
    longitude: Annotated[Number, Field(ge=-180, le=180), Column(unit="degrees")] | None = Field(
        None, description="for maps only"
    )


class Membership(Row):
    """The status of a region towards the alliance, from a date until its next row."""

    key = ("region", "from_date")
    absent = "no region has a status, so a case cannot require coverage"
    region: RegionRef
    status: Status
    from_date: Date = Field(
        description="a status holds for a whole year if it holds on 31 December of it"
    )


class Commodity(Row):
    """A good, a service or equipment that is made, moved, stored, used or demanded."""

    key = ("commodity",)
    commodity: Key
    name: Label
    unit: Label = Field(
        description="the unit of every quantity of this commodity, such as t or thousand wafers"
    )
    stage: Annotated[Key, Column(references="stages")] | None = Field(
        None, description="blank: belongs to no stage"
    )
    mass_t_per_unit: Annotated[NonNegative, Column(unit="t per unit")] | None = Field(
        None, description="for the mass balance of recipes; blank: not weighed, as a service"
    )
    price_usd_per_unit: Annotated[NonNegative, Column(unit="USD per unit")] | None = Field(
        None, description="usual price, for reports; not a cost; blank: no value"
    )
    shortage_price_usd_per_unit: (
        Annotated[NonNegative, Column(unit="USD per unit", series=True)] | None
    ) = Field(None, description="cost of unserved demand; blank: demand must be served in full")
    covered: YesNo = Field(description="whether coverage of this commodity is required")
    user_inventory_months: Annotated[NonNegative, Column(unit="months")] | None = Field(
        None, description="stock that users hold, in months of their use; blank: not stated"
    )
    surplus: Literal["free", "forbidden"] = Field(
        description="free: more may be made than is used; forbidden: every unit must be used"
    )


class Process(Row):
    """A way of production: the name of a recipe, and the unit of its activity and capacity."""

    key = ("process",)
    process: Key
    name: Label
    stage: Annotated[Key, Column(references="stages")] | None = Field(
        None, description="blank: belongs to no stage"
    )
    kind: Literal["source", "conversion", "sink"] = Field(
        description="source: no inputs (mine, purchase); sink: no outputs (disposal, sale)"
    )
    unit: Label = Field(description="unit of activity; capacity is in this unit per year")
    main_product: Annotated[Key, Column(references="commodities")] | None = Field(
        None,
        description=(
            "output for which it runs, whose need is a need for its inputs too; none: all products"
            " are equal"
        ),
    )
    minimum_utilisation: Share | None = Field(
        None, description="share of standby capacity to run in normal times; blank: none"
    )
    fixed_cost_usd_per_unit: (
        Annotated[NonNegative, Column(unit="USD per unit of capacity and year")] | None
    ) = Field(None, description="fixed cost of plants that state none of their own; blank: none")
    unit_cost_includes_fixed: YesNo | None = Field(
        None,
        description=(
            "whether the unit costs of its plants hold the fixed cost at full load, so that the"
            " model takes it out of them; blank only without a fixed cost"
        ),
    )


class Recipe(Row):
    """The quantity of a commodity that one unit of activity uses or makes, yields included."""

    key = ("process", "commodity", "role")
    process: Annotated[Key, Column(references="processes")]
    commodity: Annotated[Key, Column(references="commodities")]
    role: Literal["input", "output"]
    quantity: Annotated[Number, Field(gt=0), Column(unit="commodity units per unit of activity")]


class Demand(Row):
    """Final demand of a region at anchor years, linear between them; the anchors must span the
    years of the case."""

    key = ("region", "commodity", "use", "variant", "year")
    absent = "there is no final demand"
    region: RegionRef
    commodity: Annotated[Key, Column(references="commodities")]
    use: Key | None = Field(
        None, description="purpose, such as vehicles or defence; blank: not distinguished"
    )
    variant: Key | None = Field(
        None, description="low, central, high and the like; blank: part of every variant"
    )
    year: Year
    quantity: Annotated[NonNegative, Column(unit="commodity units per year")]


class Route(Row):
    """A route on which a commodity may be shipped; there is no shipment without a route."""

    key = ("from_region", "to_region", "commodity")
    absent = "nothing is shipped between regions"
    from_region: Annotated[str, Column(references="regions", wildcard=True)]
    to_region: Annotated[str, Column(references="regions", wildcard=True)]
    commodity: Annotated[str, Column(references="commodities", wildcard=True)]
    cost_usd_per_unit: (
        Annotated[Number, Column(unit="USD per commodity unit", series=True, needed=True)] | None
    ) = None
    largest_shipment: Annotated[NonNegative, Column(unit="commodity units per year")] | None = (
        Field(None, description="blank: no limit")
    )
    smallest_shipment: Annotated[NonNegative, Column(unit="commodity units per year")] | None = (
        Field(None, description="blank: none")
    )


class Stock(Row):
    """A store of a commodity: filled in normal times, drawn in normal times or in a cut-off.

    A store that may hold more than it holds at the start is a candidate: the plan may fill it from
    production in normal years.
    """

    key = ("region", "commodity")
    absent = "nothing is stored from one year to the next"
    region: RegionRef
    commodity: Annotated[Key, Column(references="commodities")]
    initial: Annotated[NonNegative, Column(unit="commodity units")]
    largest: Annotated[NonNegative, Column(unit="commodity units")]
    final: Annotated[NonNegative, Column(unit="commodity units")] | None = Field(
        None, description="level at the end of the last year; blank: free"
    )
    holding_cost_usd_per_unit: (
        Annotated[NonNegative, Column(unit="USD per unit and year", series=True, needed=True)]
        | None
    ) = Field(None, description="on the level at the end of each year")
    strategic: YesNo = Field(description="whether it may be drawn in a cut-off")
    floor: Annotated[NonNegative, Column(unit="commodity units")] | None = Field(
        None, description="lowest level in normal years; a cut-off may go below it; blank: 0"
    )


class Limit(Row):
    """A limit on a sum over the selection of the columns; ``*`` selects all. A project counts from
    its commitment."""

    key = ("limit",)
    absent = "no limits beyond those of the other tables"
    limit: Key
    measure: Literal[
        "capacity", "activity", "projects", "capital", "shipment", "production", "new capacity"
    ] = Field(
        description=(
            "capacity: credited, in service; activity: in normal operation; projects: how many are"
            " committed; capital: USD million committed since the start; shipment: on routes;"
            " production: of a commodity; new capacity: nameplate committed in the year, a build"
            " rate"
        )
    )
    sense: Literal["at most", "at least"]
    value: Number
    region: Annotated[str, Column(references="regions", wildcard=True)]
    process: Annotated[str, Column(references="processes", wildcard=True)]
    commodity: Annotated[str, Column(references="commodities", wildcard=True)]
    to_region: Annotated[str, Column(references="regions", wildcard=True)] | None = Field(
        None, description="for shipments; blank: any"
    )
    asset: Annotated[Names, Column(many=True)] | None = Field(
        None, description="assets or projects, separated by ';'; blank: any"
    )
    weights: Annotated[Weights, Column(unit="factor", many=True)] | None = Field(
        None,
        description=(
            "factor of each plant in the sum, in the order of the column asset, separated by ';';"
            " blank: 1 for each"
        ),
    )
    from_year: Year | None = Field(None, description="blank: every year of the case")
    to_year: Year | None = Field(None, description="blank: to the end")
    years: Literal["each", "together"] | None = Field(
        None,
        description=(
            "each: the limit holds in every year by itself; together: for the sum over its years"
            " within the case, along each scenario; blank: each"
        ),
    )


class Scenario(Row):
    """A scenario with its probability; a case may choose scenarios and give other
    probabilities."""

    key = ("scenario",)
    absent = "one scenario, without events"
    scenario: Key
    name: Label
    probability: Share


class Event(Row):
    """An event in a scenario, over a span of years."""

    key = ("scenario", "event", "region", "commodity", "process", "from_year")
    absent = "all scenarios are the same"
    scenario: Annotated[Key, Column(references="scenarios")]
    event: Literal["cut-off", "demand", "capacity", "variable cost"] = Field(
        description=(
            "cut-off: the commodity does not leave the region, and plants elsewhere under its"
            " control stop making it; the other events multiply the number of that name by factor"
        )
    )
    region: Annotated[str, Column(references="regions", wildcard=True)] = Field(
        description="for a cut-off, * means every adversary and every lost region of the case"
    )
    commodity: Annotated[str, Column(references="commodities", wildcard=True)]
    process: Annotated[str, Column(references="processes", wildcard=True)]
    from_year: Year
    to_year: Year | None = Field(None, description="blank: to the end")
    factor: Annotated[NonNegative, Column(unit="factor")] | None = Field(
        None, description="multiplies the number that the event names"
    )


TABLES: dict[str, type[Row]] = {
    "stages": Stage,
    "regions": Region,
    "membership": Membership,
    "commodities": Commodity,
    "processes": Process,
    "recipes": Recipe,
    "statuses": StatusCredit,
    "completion": Completion,
    "assets": Asset,
    "projects": Project,
    "demand": Demand,
    "routes": Route,
    "stocks": Stock,
    "funders": Funder,
    "mandates": Mandate,
    "deals": Deal,
    "limits": Limit,
    "scenarios": Scenario,
    "events": Event,
    "series": Series,
    "sources": Source,
    "published": Published,
    "provenance": Provenance,
}
