"""Makes ``worlds`` importable from every folder of tests, and gives the seed of fresh worlds."""

from __future__ import annotations

import datetime
import os

import pytest

SEED = int(os.environ.get("PAXSILICA_SEED") or f"{datetime.datetime.now(datetime.UTC):%Y%m%d}")
"""Seed of tests that draw other worlds on other days: the date, or the variable PAXSILICA_SEED."""


def pytest_report_header() -> str:
    return f"PAXSILICA_SEED={SEED} draws the fresh random worlds"


@pytest.fixture(scope="session")
def day_seed() -> int:
    """The seed of the fresh worlds."""
    return SEED
