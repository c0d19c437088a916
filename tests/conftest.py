"""Makes ``worlds`` importable from every folder of tests, and gives the seed of fresh worlds."""

from __future__ import annotations

import datetime
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

SEED = int(os.environ.get("PAXSILICA_SEED") or f"{datetime.datetime.now(datetime.UTC):%Y%m%d}")
"""Seed of tests that draw other worlds on other days: the date, or the variable PAXSILICA_SEED."""


LONGEST = ("test_bundled_cases.py", "test_notebooks.py", "test_bundled_as_used.py")
"""Files that come first among the slow tests: the second core would wait for them at the end."""


APART = ("test_notebooks.py", "test_bundled_as_used.py")
"""Files of which each slow test starts programs of its own: they share nothing."""


def pytest_report_header() -> str:
    return f"PAXSILICA_SEED={SEED} draws the fresh random worlds"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests of one file run in one process, which keeps what they share; ``--dist loadgroup``
    reads the group."""
    for item in items:
        grouped = item.get_closest_marker("xdist_group") or item.path.name in APART
        if item.get_closest_marker("slow") and not grouped:
            item.add_marker(pytest.mark.xdist_group(item.path.name))
    order = {name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where every program is to be there, a skipped test is a failed one."""
    report = yield
    if report.skipped and os.environ.get("PAXSILICA_NO_SKIPS"):
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def day_seed() -> int:
    """The seed of the fresh worlds."""
    return SEED


@pytest.fixture(scope="session", autouse=True)
def bundled_tables_are_read_once() -> Iterator[None]:
    """Tests of one worker share the rows of the bundled data, and the result of their checks. Rows
    are frozen, so no test can change them for another; other folders are read every time."""
    from paxsilica import bundled, tables

    read, check = tables.read_what_can_be, tables.check_tables
    kept: dict[str, Any] = {}

    def read_once(folder: Path) -> Any:
        if Path(folder).absolute() != bundled.data_folder():
            return read(folder)
        if not kept:
            kept["reading"] = read(folder)
            reading = kept["reading"]
            kept["problems"] = list(check(reading.tables, reading.doubtful))
        return kept["reading"]

    def check_once(given: Any, *doubtful: Any) -> Any:
        if kept and given is kept["reading"].tables:
            return kept["problems"]
        return check(given, *doubtful)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "read_what_can_be", read_once)
        patch.setattr(tables, "check_tables", check_once)
        yield
