"""The schema of every table: one class per table, one field per column, in the order of the chain from world to question.

A table is a CSV file (``data/NAME.csv``) whose header holds the column names. Columns without a default must be there and filled.
Columns with the default ``None`` may be left blank or out; what their absence means stands in their description, and nothing
else is ever assumed. Money is in USD of the case's price year, real; ``usd_m`` is USD million.

Any folder of these tables is a problem that the engine can solve: nothing of the Pax Silica world is in the code. Only ``regions``,
``commodities``, ``processes`` and ``recipes`` must be there, with ``assets`` or ``projects`` to run the processes.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from paxsilica.tables.columns import Column, Date, Key, Names, Number, NumberOrInf, Shares, Text, Whole, Year, YesNo

Share = Annotated[Number, Field(ge=0, le=1), Column(unit="share of 1")]
NonNegative = Annotated[Number, Field(ge=0)]
RegionRef = Annotated[Key, Column(references="regions")]
Status = Literal["signatory", "participant", "neutral", "untrusted"]


class Row(BaseModel):
    """A row of a table, frozen once read."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: ClassVar[tuple[str, ...]]
    absent: ClassVar[str | None] = None
    """What it means when the whole table is absent; ``None``: it must be there."""


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


class Recipe(Row):
    """How much of a commodity one unit of activity of a process uses or makes (yields included)."""

    key = ("process", "commodity", "role")
    process: Annotated[Key, Column(references="processes")]
    commodity: Annotated[Key, Column(references="commodities")]
    role: Literal["input", "output"]
    quantity: Annotated[Number, Field(gt=0), Column(unit="commodity units per unit of activity")]


class StatusCredit(Row):
    """How much of the nameplate of a plant of a given status the plan may count on: announced is not built."""

    key = ("status",)
    absent = "nameplates are credited in full"
    status: Key
    name: Text
    credit: Share


class Asset(Row):
    """An existing plant, or the aggregate of a region's plants of one process; also a market, a purchase or a disposal site."""

    key = ("asset",)
    absent = "nothing exists at the start"
    asset: Key
    name: Text
    region: RegionRef
    process: Annotated[Key, Column(references="processes")]
    controller: RegionRef | None = Field(
        None, description="region that can switch it off from afar (ownership, licence, captive offtake); blank: its host alone"
    )
    status: Annotated[Key, Column(references="statuses")] | None = Field(None, description="blank: nameplate credited in full")
    capacity: Annotated[NumberOrInf, Field(ge=0), Column(unit="units of activity per year", series=True)] | None = Field(
        None, description="inf: without limit; blank only where the table series gives it by year"
    )
    from_year: Year | None = Field(None, description="first year of operation; blank: from the start")
    to_year: Year | None = Field(None, description="last year of operation; blank: to the end")
    variable_cost_usd_per_unit: Annotated[Number, Column(unit="USD per unit of activity", series=True)] | None = Field(
        None, description="negative for a sale; blank only where the table series gives it by year"
    )
    fixed_cost_usd_m: Annotated[NonNegative, Column(unit="USD million per year", series=True)] | None = Field(
        None, description="paid every year of operation; blank: none"
    )
    must_run_share: Share | None = Field(None, description="least share of its capacity that always runs; blank: none")


class Project(Row):
    """A candidate plant that the plan may commit to, at most once."""

    key = ("project",)
    absent = "there is nothing to decide but operation"
    project: Key
    name: Text
    region: RegionRef
    process: Annotated[Key, Column(references="processes")]
    controller: RegionRef | None = Field(None, description="as for assets")
    status: Annotated[Key, Column(references="statuses")] | None = Field(None, description="as for assets")
    smallest_size: Annotated[NonNegative, Column(unit="units of activity per year")]
    largest_size: Annotated[NonNegative, Column(unit="units of activity per year")] = Field(
        description="equal to smallest_size: the project is of one size"
    )
    expandable: YesNo | None = Field(None, description="whether size may be added in years after the commitment; blank: no")
    capex_usd_m: Annotated[NonNegative, Column(unit="USD million", series=True)] | None = Field(
        None, description="capital at the smallest size, by year of commitment; blank only where series gives it"
    )
    capex_usd_m_per_unit: Annotated[NonNegative, Column(unit="USD million per unit of size", series=True)] | None = Field(
        None, description="capital for each unit above the smallest size; blank: none"
    )
    lead_time_years: Annotated[Whole, Field(ge=0, le=30), Column(unit="years")] = Field(
        description="from commitment to the first year of operation; 0: it runs in the year of commitment"
    )
    spend_profile: Annotated[Shares, Column(unit="shares of 1")] | None = Field(
        None, description="shares of the capital that fall due in the year of commitment and after, adding up to 1; blank: all at once"
    )
    ramp_profile: Annotated[Shares, Column(unit="shares of 1")] | None = Field(
        None, description="share of nameplate available in the first, second, ... year of operation; blank: all at once"
    )
    variable_cost_usd_per_unit: Annotated[Number, Column(unit="USD per unit of activity", series=True)] | None = Field(
        None, description="blank only where the table series gives it by year"
    )
    fixed_cost_usd_m: Annotated[NonNegative, Column(unit="USD million per year", series=True)] | None = Field(
        None, description="paid every year of operation, at the smallest size; blank: none"
    )
    fixed_cost_usd_m_per_unit: Annotated[NonNegative, Column(unit="USD million per unit of size and year", series=True)] | None = Field(
        None, description="added for each unit above the smallest size; blank: none"
    )
    earliest_commitment: Year | None = Field(None, description="blank: first year of the case")
    latest_commitment: Year | None = Field(None, description="blank: last year of the case")
    commitment: Literal["required", "forbidden"] | None = Field(None, description="fixes the decision; blank: the plan decides")
    exclusive_group: Key | None = Field(None, description="of the projects of one group at most one is committed; blank: none")
    prerequisites: Annotated[Names, Column(references="projects", many=True)] | None = Field(
        None, description="projects to be committed in the same year or before, separated by ';'; blank: none"
    )
    sponsor_share: Share | None = Field(None, description="share of capital that the owner brings; blank: none")
    sponsor_cost_of_capital: Annotated[Number, Field(ge=-0.5, le=1), Column(unit="share of 1 per year")] | None = Field(
        None, description="real rate at which the owner raises its share; blank: the discount rate of the case"
    )
    economic_life_years: Annotated[Whole, Field(ge=1, le=100), Column(unit="years")] | None = Field(
        None, description="straight-line life for the residual value at the end of the case; blank: no residual value"
    )


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
    """A store of a commodity: filled in normal times, drawn in normal times or in a switch-off."""

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


class Funder(Row):
    """A partner who pays for projects."""

    key = ("funder",)
    absent = "capital is paid without asking by whom"
    funder: Key
    name: Text
    region: RegionRef = Field(description="takes part in a case only when the region's status is among the case's funding statuses")
    envelope_usd_m: Annotated[NonNegative, Column(unit="USD million")] | None = Field(
        None, description="all it may pay over the years of the case; blank: only the annual limit binds"
    )
    annual_limit_usd_m: Annotated[NonNegative, Column(unit="USD million per year", series=True)] | None = Field(
        None, description="blank: only the envelope binds"
    )
    carry_over: YesNo = Field(description="whether what is left of an annual limit may be spent later")
    from_year: Year | None = Field(None, description="first year of payments; blank: from the start")
    to_year: Year | None = Field(None, description="last year of payments; blank: to the end")
    largest_share: Share | None = Field(None, description="of a project's capital; blank: no limit")
    smallest_ticket_usd_m: Annotated[NonNegative, Column(unit="USD million")] | None = Field(
        None, description="least sum paid into a project, if any; blank: none"
    )
    cost_of_capital: Annotated[Number, Field(ge=-0.5, le=1), Column(unit="share of 1 per year")] | None = Field(
        None, description="real rate of its money; blank: the discount rate of the case"
    )
    delivery_factor: Share | None = Field(None, description="share of its envelope and limits that really comes; blank: all")


class Mandate(Row):
    """What a funder may pay for; a funder with rows here pays only for projects that one of them fits."""

    key = ("funder", "stage", "region")
    absent = "every funder may pay for every project"
    funder: Annotated[Key, Column(references="funders")]
    stage: Annotated[str, Column(references="stages", wildcard=True)]
    region: Annotated[str, Column(references="regions", wildcard=True)]
    largest_usd_m: Annotated[NonNegative, Column(unit="USD million")] | None = Field(
        None, description="most that it pays in all under this row; blank: no limit"
    )


class Limit(Row):
    """A bound on a sum over what the columns select; ``*`` selects all. A project counts once it is committed."""

    key = ("limit",)
    absent = "no limits beyond those of the other tables"
    limit: Key
    measure: Literal["capacity", "activity", "projects", "capital", "shipment", "production"] = Field(
        description="capacity: credited, in service; activity: in normal operation; projects: how many are committed; "
        "capital: USD million committed since the start; shipment: on routes; production: of a commodity"
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


class Series(Row):
    """Values by year of a number that varies, at anchor years; linear between them, which must span the years in use.

    ``row`` is the key of the row, its parts joined by ``|`` where it has several.
    """

    key = ("table", "row", "column", "year")
    absent = "no number varies by year but demand"
    table: Literal["commodities", "assets", "projects", "routes", "stocks", "funders"]
    row: Text
    column: Key
    year: Year
    value: Number


class Source(Row):
    """A document that a number was taken from."""

    key = ("source",)
    absent = "numbers are used without a record of where they come from"
    source: Key
    title: Text
    publisher: Text | None = None
    url: Text | None = None
    date: Text | None = Field(None, description="of the document: year, year-month or year-month-day")
    value: Number | None = Field(
        None, description="the figure that was taken from it, for formulas of provenance; blank: none, or not a number"
    )
    unit: Text | None = Field(None, description="of that figure; blank: no figure")
    note: Text | None = None


class Provenance(Row):
    """Who says a number, how sure, within which range: one row per number, or per pattern of numbers.

    ``row`` is the key of the row with its parts joined by ``|``; any part may be ``*``. The most specific row that fits counts.
    """

    key = ("table", "row", "column")
    absent = "numbers are used without a record of where they come from"
    table: Key
    row: Text
    column: Key
    unit: Text
    low: Number
    high: Number
    range: Literal["absolute", "relative"] = Field(description="relative: low and high are factors on the value, such as 0.8 and 1.3")
    price_year: Year | None = Field(None, description="of money, before conversion; blank: not money")
    sources: Annotated[Names, Column(references="sources", many=True)]
    grade: Literal["A", "B", "C", "D"] = Field(
        description="A official statistics or filing, B company guidance or reputable press, C analyst estimate, D inference"
    )
    formula: Text | None = Field(
        None,
        description="how the number follows from figures of sources (FAB-F103 * 0.5) and cells ([price_usd_per_unit] * 10); for a number "
        "by year in its first year, for demand summed over the rows that fit; blank: taken as it is, or judged as the note says",
    )
    date: Text | None = Field(None, description="that the number speaks of")
    note: Text | None = Field(None, description="how it was derived, which conflicting figures were set aside and why")


TABLES: dict[str, type[Row]] = {
    "stages": Stage,
    "regions": Region,
    "membership": Membership,
    "commodities": Commodity,
    "processes": Process,
    "recipes": Recipe,
    "statuses": StatusCredit,
    "assets": Asset,
    "projects": Project,
    "demand": Demand,
    "routes": Route,
    "stocks": Stock,
    "funders": Funder,
    "mandates": Mandate,
    "limits": Limit,
    "scenarios": Scenario,
    "events": Event,
    "series": Series,
    "sources": Source,
    "provenance": Provenance,
}
