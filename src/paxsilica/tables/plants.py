"""The schema of plants: those that exist, those that the plan may commit to, and how likely they are to come into operation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from paxsilica.tables.base import NonNegative, RegionRef, Row, Share
from paxsilica.tables.columns import Column, Key, Names, Number, NumberOrInf, Shares, Text, Whole, Year, YesNo


class StatusCredit(Row):
    """How much of the nameplate of a plant of a given status the plan may count on: announced is not built."""

    key = ("status",)
    absent = "nameplates are credited in full"
    status: Key
    name: Text
    credit: Share = Field(description="of plants that the plan does not pay for")
    capital_factor: Annotated[Number, Field(ge=1), Column(unit="factor")] | None = Field(
        None, description="expected capital of a project of this status over its stated capital; blank: 1"
    )


class Completion(Row):
    """How likely a committed project of a status comes into operation exactly so many years after its planned start.

    What the probabilities of a status and stage lack to 1 is the chance that the project is never completed. Rows of a named stage
    replace those of ``*`` for that stage.
    """

    key = ("status", "stage", "delay_years")
    absent = "every committed project is completed on time"
    status: Annotated[Key, Column(references="statuses")]
    stage: Annotated[str, Column(references="stages", wildcard=True)]
    delay_years: Annotated[Whole, Field(ge=0, le=10), Column(unit="years")]
    probability: Share


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
    generic: YesNo | None = Field(None, description="whether it is an option of a process at a host, without a named owner; blank: no")
    built_anyway: YesNo | None = Field(
        None, description="whether it would be built without public money, so that a plan cannot claim it; blank: no"
    )
