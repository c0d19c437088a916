"""No answer depends on the units in which a user counts."""

from __future__ import annotations

import numpy as np
import pytest
from random_worlds import World, random_world
from units import CANNOT, Units, with_named_commodities
from witness import audited_plan

from paxsilica.instance import make_instance
from paxsilica.model import build
from paxsilica.solver import Compiled, compile_model
from paxsilica.solver.scaling import Scaling


def program_of(world: World) -> Compiled:
    tables, case = world.read()
    return compile_model(build(make_instance(tables, case)))


SEEDS = [seed for seed in range(900, 960) if not random_world(seed).features & CANNOT]


@pytest.mark.parametrize("seed", SEEDS[:12])
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


@pytest.mark.parametrize("seed", SEEDS)
def test_scaled_program_is_the_same_in_all_units(seed: int) -> None:
    before = with_named_commodities(random_world(seed))
    programs = [program_of(world) for world in (before, Units(before, seed).changed(before))]
    one, other = (Scaling.of(program).program(program) for program in programs)
    assert one.columns == other.columns
    assert one.row_names == other.row_names
    for name in ("cost", "low", "high", "row_low", "row_high"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-11, atol=1e-9)
    np.testing.assert_allclose(other.matrix.toarray(), one.matrix.toarray(), rtol=1e-11, atol=1e-11)
