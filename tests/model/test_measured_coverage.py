"""Standalone coverage of goods that share an input, with and without the program of all goods."""

from __future__ import annotations

import pytest

from paxsilica.plan.coverage import CoverageTest
from worlds import COVERED, Answer, M, case, world

GOODS = {"left": 1.0, "right": 1.0, "own": 1.0, "half": 0.5}


def measured() -> dict[str, tuple[float, float]]:
    """Ore for 10 is enough for ``left`` or for ``right``, of each of which 10 are needed, not for
    both. ``own`` needs no ore, and the plant of ``half`` makes 5 of the 10 that are needed."""
    tables = world(
        {
            "mine": "-> ore",
            "make left": "ore -> left",
            "make right": "ore -> right",
            "make own": "-> own",
            "make half": "-> half",
        },
        commodities={
            name: {"covered": True, "shortage_price_usd_per_unit": 9 * M} for name in GOODS
        },
        assets={
            "mine": {"process": "mine", "capacity": 10.0},
            "half": {"process": "make half", "capacity": 5.0},
            **{name: {"process": f"make {name}"} for name in ("left", "right", "own")},
        },
        demand={("A", name): 10.0 for name in GOODS},
    )
    answer = Answer(tables, case(coverage=COVERED | {"hard": False}))
    return {
        name: (row["standalone_coverage"], row["joint_coverage"])
        for name in GOODS
        for row in [answer.coverage(name)]
    }


def test_standalone_coverage_of_goods_that_share_an_input(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    alone = CoverageTest.alone

    def counted(self: CoverageTest, shift: object, goods: list[str], **keys: bool) -> float:
        asked.append(goods)
        return alone(self, shift, goods, **keys)  # type: ignore[arg-type]

    monkeypatch.setattr(CoverageTest, "alone", counted)
    expected = {name: pytest.approx((share, 0.5)) for name, share in GOODS.items()}
    assert measured() == expected
    few = len(asked)
    assert ["own"] not in asked
    monkeypatch.setattr(CoverageTest, "_whole", lambda *_: frozenset())
    assert measured() == expected
    assert len(asked) - few > few  # each good has a program of its own
