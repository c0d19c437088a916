"""The schema of every table: one class per table, one field per column, in the order of the chain from world to question.

A table is a CSV file (``data/NAME.csv``) whose header holds the column names. Columns without a default must be there and filled.
Columns with the default ``None`` may be left blank or out; what their absence means stands in their description, and nothing
else is ever assumed. Money is in USD of the case's price year, real; ``usd_m`` is USD million.

Any folder of these tables is a problem that the engine can solve: nothing of the Pax Silica world is in the code. Only ``regions``,
``commodities``, ``processes`` and ``recipes`` must be there, with ``assets`` or ``projects`` to run the processes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from paxsilica.tables.base import NonNegative, RegionRef, Row, Share, Status
from paxsilica.tables.columns import Column, Date, Key, Names, Number, Text, Whole, Year, YesNo
from paxsilica.tables.money import Deal, Funder, Mandate
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
    """A step of the chain at which coverage is asked for and reported."""

    key = ("stage",)
    absent = "coverage by stage is not asked for; commodities and processes then name no stage"
    stage: Key
    order: Annotated[Whole, Field(ge=1, description="position along the chain, 1 nearest to the ore")]
    name: Text
    description: Text | None = None


class Region(Row):
    """A country, a named group of countries, or a hub through which trade passes."""

    key = ("region",)
    region: Key
    name: Text
    kind: Literal["country", "group", "hub"] = Field(
        description="a hub only passes goods on: it hosts nothing, demands nothing, and is never switched off"
    )
    latitude: Annotated[Number, Field(ge=-90, le=90), Column(unit="degrees")] | None = Field(None, description="for maps only")
    longitude: Annotated[Number, Field(ge=-180, le=180), Column(unit="degrees")] | None = Field(None, description="for maps only")


class Membership(Row):
    """The standing of a region towards the alliance, from a date on until its next row."""

    key = ("region", "from_date")
    absent = "every region is trusted"
    region: RegionRef
    status: Status
    from_date: Date = Field(description="a status holds for a whole year if it holds on 31 December of it")


class Commodity(Row):
    """A thing that is made, moved, stored, used or demanded; services and equipment included."""

    key = ("commodity",)
    commodity: Key
    name: Text
    unit: Text = Field(description="the unit of every quantity of this commodity, such as t or thousand wafers")
    stage: Annotated[Key, Column(references="stages")] | None = Field(None, description="blank: belongs to no stage")
    mass_t_per_unit: Annotated[NonNegative, Column(unit="t per unit")] | None = Field(
        None, description="tonnes that one unit counts for in the mass balance of recipes; blank: not weighed (services, energy)"
    )
    price_usd_per_unit: Annotated[NonNegative, Column(unit="USD per unit")] | None = Field(
        None, description="usual price, for valuing quantities in reports; enters no cost; blank: not valued"
    )
    shortage_price_usd_per_unit: Annotated[NonNegative, Column(unit="USD per unit", series=True)] | None = Field(
        None, description="cost of a unit of demand that is not served; blank: demand must be served in full"
    )
    covered: YesNo | None = Field(None, description="whether coverage is asked of this commodity; blank: no")
    user_inventory_months: Annotated[NonNegative, Column(unit="months")] | None = Field(
        None, description="stock that users hold, in months of their use; for events shorter than a year; blank: not stated"
    )
    surplus: Literal["free", "forbidden"] = Field(
        description="free: more may be made than is used; forbidden: every unit made must be used, stored, shipped or sold"
    )


class Process(Row):
    """A way of making things: the name of a recipe and the unit in which its activity and capacity are counted."""

    key = ("process",)
    process: Key
    name: Text
    stage: Annotated[Key, Column(references="stages")] | None = Field(None, description="blank: belongs to no stage")
    kind: Literal["source", "conversion", "sink"] = Field(
        description="source: outputs without inputs (a mine, a purchase); sink: inputs without outputs (a disposal, a sale)"
    )
    unit: Text = Field(description="unit of activity; capacity is in this unit per year")
    main_product: Annotated[Key, Column(references="commodities")] | None = Field(
        None, description="the output for whose sake it runs; the others are by-products; blank: no product stands out"
    )
    minimum_utilisation: Share | None = Field(
        None, description="share of its warm capacity that a plant must run in normal times to be ready; blank: idle plants are ready"
    )
    fixed_cost_usd_per_unit: Annotated[NonNegative, Column(unit="USD per unit of capacity and year")] | None = Field(
        None, description="fixed operating cost of every plant of the process that states none of its own; blank: none"
    )


class Recipe(Row):
    """How much of a commodity one unit of activity of a process uses or makes (yields included)."""

    key = ("process", "commodity", "role")
    process: Annotated[Key, Column(references="processes")]
    commodity: Annotated[Key, Column(references="commodities")]
    role: Literal["input", "output"]
    quantity: Annotated[Number, Field(gt=0), Column(unit="commodity units per unit of activity")]


class Demand(Row):
    """Final demand of a region, at anchor years; linear between them; anchors must span the years of the case."""

    key = ("region", "commodity", "use", "variant", "year")
    absent = "there is no final demand"
    region: RegionRef
    commodity: Annotated[Key, Column(references="commodities")]
    use: Key | None = Field(None, description="what it is for, such as vehicles or defence; blank: not told apart")
    variant: Key | None = Field(None, description="low, central, high and the like; blank: part of every variant")
    year: Year
    quantity: Annotated[NonNegative, Column(unit="commodity units per year")]


class Route(Row):
    """A way along which a commodity may be shipped; what is not listed cannot be shipped."""

    key = ("from_region", "to_region", "commodity")
    absent = "nothing is shipped between regions"
    from_region: Annotated[str, Column(references="regions", wildcard=True)]
    to_region: Annotated[str, Column(references="regions", wildcard=True)]
    commodity: Annotated[str, Column(references="commodities", wildcard=True)]
    cost_usd_per_unit: Annotated[Number, Column(unit="USD per commodity unit", series=True)] | None = Field(
        None, description="blank only where the table series gives it by year"
    )
    largest_shipment: Annotated[NonNegative, Column(unit="commodity units per year")] | None = Field(None, description="blank: no limit")
    smallest_shipment: Annotated[NonNegative, Column(unit="commodity units per year")] | None = Field(None, description="blank: none")


class Stock(Row):
    """A store of a commodity: filled in normal times, drawn in normal times or in a switch-off.

    A store that may hold more than it holds at the start is a candidate: the plan may fill it from production in normal years.
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
    holding_cost_usd_per_unit: Annotated[NonNegative, Column(unit="USD per unit and year", series=True)] | None = Field(
        None, description="on the level at the end of each year; blank only where the table series gives it by year"
    )
    strategic: YesNo = Field(description="whether it may be drawn in a switch-off")
    floor: Annotated[NonNegative, Column(unit="commodity units")] | None = Field(
        None, description="level that normal years never go below; a switch-off may draw it; blank: 0"
    )


class Limit(Row):
    """A bound on a sum over what the columns select; ``*`` selects all. A project counts once it is committed."""

    key = ("limit",)
    absent = "no limits beyond those of the other tables"
    limit: Key
    measure: Literal["capacity", "activity", "projects", "capital", "shipment", "production", "new capacity"] = Field(
        description="capacity: credited, in service; activity: in normal operation; projects: how many are committed; "
        "capital: USD million committed since the start; shipment: on routes; production: of a commodity; "
        "new capacity: nameplate committed in the year, a build rate"
    )
    sense: Literal["at most", "at least"]
    value: Number
    region: Annotated[str, Column(references="regions", wildcard=True)]
    process: Annotated[str, Column(references="processes", wildcard=True)]
    commodity: Annotated[str, Column(references="commodities", wildcard=True)]
    to_region: Annotated[str, Column(references="regions", wildcard=True)] | None = Field(None, description="for shipments; blank: any")
    asset: Annotated[Names, Column(many=True)] | None = Field(None, description="assets or projects, separated by ';'; blank: any")
    from_year: Year | None = Field(None, description="blank: every year of the case, each for itself")
    to_year: Year | None = Field(None, description="blank: to the end")


class Scenario(Row):
    """A course of the world, with its probability; a case may choose among them and give other probabilities."""

    key = ("scenario",)
    absent = "one scenario, without events"
    scenario: Key
    name: Text
    probability: Share


class Event(Row):
    """Something that happens in a scenario, from year to year."""

    key = ("scenario", "event", "region", "commodity", "process", "from_year")
    absent = "scenarios differ in nothing"
    scenario: Annotated[Key, Column(references="scenarios")]
    event: Literal["switch off", "demand", "capacity", "variable cost"] = Field(
        description="switch off: the commodity no longer leaves the region, and plants that the region controls elsewhere stop making "
        "it; the others multiply the number of that name by the factor"
    )
    region: Annotated[str, Column(references="regions", wildcard=True)] = Field(
        description="for a switch off, * means every region that the case does not trust"
    )
    commodity: Annotated[str, Column(references="commodities", wildcard=True)]
    process: Annotated[str, Column(references="processes", wildcard=True)]
    from_year: Year
    to_year: Year | None = Field(None, description="blank: to the end")
    factor: Annotated[NonNegative, Column(unit="factor")] | None = Field(None, description="blank only for a switch off")


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
