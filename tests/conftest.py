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


FIRST = (
    "test_bundled_cases.py",
    "test_notebooks.py",
    "test_units.py",
    "test_bundled_as_used.py",
)
"""Order of files of slow tests: each of two processes takes two files at once, so a long one goes
with a short one."""


def pytest_report_header() -> str:
    return f"PAXSILICA_SEED={SEED} draws the fresh random worlds"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files begin first: at the end the other process would wait for them."""
    order = {name: at for at, name in enumerate(FIRST)}
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
