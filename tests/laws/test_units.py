"""No answer depends on the units in which a user counts."""

from __future__ import annotations

import numpy as np
import pytest
from random_worlds import World, random_world
from small import Small
from units import CANNOT, Units, with_named_commodities
from witness import audited_plan

from paxsilica.instance import make_instance
from paxsilica.model import build
from paxsilica.solver import Compiled, compile_model
from paxsilica.solver.scaling import Scaling
from worlds import some


def program_of(world: World) -> Compiled:
    tables, case = world.read()
    return compile_model(build(make_instance(tables, case)))


SEEDS = [seed for seed in range(900, 960) if not random_world(seed).features & CANNOT]


@pytest.mark.parametrize("seed", some(SEEDS[:12], 4))
def test_units_of_commodities_and_processes_do_not_matter(seed: int) -> None:
    before = with_named_commodities(random_world(seed))
    after = Units(before, seed).changed(before)
    one, other = (audited_plan(*world.read()) for world in (before, after))
    assert one.status == other.status
    assert (one.objective is None) == (other.objective is None)
    if one.objective is not None and other.objective is not None:
        assert other.objective == pytest.approx(one.objective, rel=1e-9, abs=1e-9)
        assert other.bound == pytest.approx(one.bound, rel=1e-9, abs=1e-9)
        years = [plan.tables["portfolio"][["project", "committed_year"]] for plan in (one, other)]
        assert years[0].equals(years[1])


@pytest.mark.parametrize("seed", some(SEEDS, 16))
def test_scaled_program_is_the_same_in_all_units(seed: int) -> None:
    before = with_named_commodities(random_world(seed))
    programs = [program_of(world) for world in (before, Units(before, seed).changed(before))]
    one, other = (Scaling.of(program).program(program) for program in programs)
    assert one.columns == other.columns
    assert one.row_names == other.row_names
    for name in ("cost", "low", "high", "row_low", "row_high"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-11, atol=1e-9)
    np.testing.assert_allclose(other.matrix.toarray(), one.matrix.toarray(), rtol=1e-11, atol=1e-11)


def powered(units: float) -> Small:
    """Refineries that need 100 MWh per tonne, electricity counted in ``units`` per MWh. Coverage
    is soft, and refining abroad is cheaper."""
    world = Small(
        "2026-2032",
        coverage={"required": {"2028": 0.3, "2032": 0.7}, "from_year": 2028, "hard": False},
        finance={"discount_rate": 0.05},
        budget_usd_m=1500,
    )
    world.region("AUS", "signatory")
    world.region("CHN", "adversary")
    world.commodity("oxide", covered="yes", shortage_price_usd_per_unit=60000)
    world.commodity("power", price_usd_per_unit=50 / units)
    world.process("refine", {"power": 100 * units}, {"oxide": 1.0})
    world.process("grid", {}, {"power": 1.0})
    world.asset("refine-chn", "CHN", "refine", 15000, 5000)
    world.asset("hydro-aus", "AUS", "grid", 600_000 * units, 30 / units)
    world.asset("diesel-aus", "AUS", "grid", 600_000 * units, 300 / units)
    world.asset("grid-chn", "CHN", "grid", "inf", 50 / units)
    for name, size, capex in (("large", 3000, 900), ("small", 1500, 400)):
        cells = {"lead_time_years": 1, "variable_cost_usd_per_unit": 7000}
        world.project(name, "AUS", "refine", size, capex, economic_life_years=20, **cells)
    years = (2026, 2032)
    world.demand("AUS", "oxide", 2000, years)
    world.demand("CHN", "oxide", 9000, years)
    world.route("CHN", "AUS", "oxide", 120)
    world.route("AUS", "CHN", "oxide", 120)
    return world


@pytest.mark.parametrize("units", [1e-6, 1e-3, 1e3, 3.6e3, 1e6, 1e9])
def test_electricity_in_any_unit_gives_the_same_plan(units: float) -> None:
    one, other = (audited_plan(*powered(factor).read()) for factor in (1.0, units))
    assert one.status == other.status == "optimal"
    assert other.objective == pytest.approx(one.objective, rel=1e-10)
    assert other.bound == pytest.approx(one.bound, rel=1e-10)
    assert other.tables["portfolio"].equals(one.tables["portfolio"])
