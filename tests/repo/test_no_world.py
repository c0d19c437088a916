"""The program names no region of the bundled world: any data is as good."""

from __future__ import annotations

import csv
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_region_of_the_bundled_data_is_named_in_the_program() -> None:
    with (ROOT / "data" / "regions.csv").open(encoding="utf-8", newline="") as file:
        regions = list(csv.DictReader(file))
    keys = [row["region"] for row in regions if row["kind"] != "hub"]
    names = [row["name"] for row in regions if row["kind"] != "hub"]
    assert len(keys) > 30
    words = re.compile(rf"\b({'|'.join(map(re.escape, [*keys, *names]))})\b")
    found = [
        f"{path.relative_to(ROOT)}:{at}: {match[0]}"
        for path in sorted((ROOT / "src").rglob("*.py"))
        for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (match := words.search(line))
    ]
    assert not found
