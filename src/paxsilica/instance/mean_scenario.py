"""The mean of the scenarios of a case, as one scenario with events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from paxsilica.case import Case
from paxsilica.instance.operating_states import event_factor
from paxsilica.instance.world import make_world
from paxsilica.tables import Tables
from paxsilica.tables.schema import Event, Scenario

MEAN = "mean"
"""Name of the mean scenario; longer if a scenario of the data has it."""


def scenario_chances(tables: Tables, case: Case) -> dict[str, float]:
    """Probability of each scenario of the case, in its order; empty without scenarios. Names that
    the data does not have are left out of a list."""
    if case.scenarios is None:
        return {}
    if isinstance(case.scenarios, dict):
        return dict(case.scenarios)
    known = {row.scenario: row.probability for row in tables.scenarios}
    return {name: known[name] for name in case.scenarios if name in known}


def has_cut_off(tables: Tables, chances: Mapping[str, float]) -> bool:
    """Whether a scenario has a cut-off, which has no mean: a region is cut off or not."""
    return any(row.event == "cut-off" and chances.get(row.scenario) for row in tables.events)


def mean_scenario(tables: Tables, case: Case) -> tuple[Tables, str]:
    """The tables with one scenario, and its name: each number that events multiply has the mean of
    its factors, year by year.

    Factors are averaged for each (region, process) of a plant, and each (region, commodity) of a
    demand, so that events that overlap in a scenario count with their product.
    """
    chances = scenario_chances(tables, case)
    name = MEAN
    while any(row.scenario == name for row in tables.scenarios):
        name += "'"
    world = make_world(tables, case)
    plants = sorted({(plant.region, plant.process) for plant in world.plants.values()})
    demands = sorted({(row.region, row.commodity) for row in tables.demand})
    targets = [
        (kind, region, "*", process, tuple(world.outputs.get(process, ())))
        for kind in ("capacity", "variable cost")
        for region, process in plants
    ] + [("demand", region, commodity, "*", (commodity,)) for region, commodity in demands]
    events = []
    for year in case.span():
        active = {
            scenario: [
                row
                for row in tables.events
                if row.scenario == scenario and row.from_year <= year <= (row.to_year or year)
            ]
            for scenario in chances
        }
        for kind, region, commodity, process, made in targets:
            mean = sum(
                chance * event_factor(active[scenario], kind, region, process, made)
                for scenario, chance in chances.items()
            ) + (1.0 - sum(chances.values()))
            if abs(mean - 1.0) > 1e-12:
                events.append(
                    Event(
                        scenario=name,
                        event=kind,
                        region=region,
                        commodity=commodity,
                        process=process,
                        from_year=year,
                        to_year=year,
                        factor=mean,
                    )
                )
    alone = (Scenario(scenario=name, name="Mean of the scenarios", probability=1.0),)
    return replace(tables, scenarios=alone, events=tuple(events), digest="mean"), name
