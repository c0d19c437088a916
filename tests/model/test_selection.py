"""Which plants and shipments a limit selects."""

from __future__ import annotations

import pytest

from paxsilica.instance.selection import required_to_carry, selects_arc
from paxsilica.tables.schema import Limit


def limit(**cells: object) -> Limit:
    """A limit of 1 on all shipments, with some cells changed."""
    everything = {"region": "*", "process": "*", "commodity": "*", "sense": "at most", "value": 1.0}
    return Limit.model_validate(everything | {"limit": "x", "measure": "shipment"} | cells)


@pytest.mark.parametrize(
    ("cells", "selected"),
    [
        ({}, True),
        ({"region": "A", "to_region": "B", "commodity": "ore"}, True),
        ({"to_region": "*"}, True),
        ({"region": "C"}, False),
        ({"to_region": "C"}, False),
        ({"commodity": "metal"}, False),
    ],
)
def test_a_limit_selects_shipments_by_origin_target_and_commodity(
    cells: dict[str, object], selected: bool
) -> None:
    assert selects_arc(limit(**cells), ("A", "B", "ore")) is selected


def test_only_a_floor_on_shipments_requires_a_route_to_carry_something() -> None:
    floor = limit(sense="at least")
    assert required_to_carry([floor], ("A", "B", "ore"))
    assert not required_to_carry([limit(sense="at least", region="C")], ("A", "B", "ore"))
    assert not required_to_carry(
        [floor.model_copy(update={"measure": "activity"})], ("A", "B", "ore")
    )
