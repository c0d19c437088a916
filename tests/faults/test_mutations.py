"""Thousands of mutated inputs: each is refused in plain words with its place, or read as it stands.

A small world that uses every table is changed in one place at a time: every kind of mutation in
every table and column. ``accepted_mutations.toml`` lists what may be accepted, with the reason.
"""

from __future__ import annotations

import datetime
import math
import random
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from breaking import JARGON
from mutations import CELL, KINDS, Mutation, cell_mutations, mutated, other_mutations
from world import World

from paxsilica.case import make_case
from paxsilica.errors import InputError, PaxSilicaError
from paxsilica.instance import make_instance
from paxsilica.plan.solve import make_plan
from paxsilica.tables import TABLES, Tables, load_tables
from paxsilica.tables.defaults import default_words

SEED = 20261127
LONGEST_MESSAGE = 20_000

CASE = {
    "years": "2026-2032",
    "roles": {"protected": ["signatory", "participant"]},
    "scenarios": {"calm": 0.7, "embargo": 0.3},
    "coverage": {"required": 0.3, "from_year": 2029, "hard": False},
    "finance": {"discount_rate": 0.05},
    "solver": {"gap": 1e-6, "threads": 1},
}

LATER = """
projects,jp-press-big,capex_usd_m,2040,800
projects,na-sep,variable_cost_usd_per_unit,2040,6500
routes,NA|JPN|ore,cost_usd_per_unit,2040,80
stocks,JPN|magnet,holding_cost_usd_per_unit,2040,600
"""
"""Further years of numbers, so that a case can use the world."""


def complete_world() -> World:
    """The world of all tables, with what a case needs besides."""
    world = World()
    for line in LATER.strip().splitlines():
        world.add("series", line)
    world.set("commodities", 5, shortage_price_usd_per_unit="400000")
    world.set("limits", 3, value="90000")  # above the capacity of today, for a feasible case
    return world


@dataclass(frozen=True)
class Outcome:
    """How a mutation ended: what is wrong with that, and whether the tables were accepted."""

    fault: str = ""
    accepted: bool = False


class Campaign:
    """The good world in a folder, of which one file at a time is changed."""

    def __init__(self, folder: Path) -> None:
        self.world = complete_world()
        self.folder = self.world.write(folder / "world")
        self.good = load_tables(self.folder)
        self.case = make_case(CASE, name="small")
        make_instance(self.good, self.case)
        self.mutations = [*cell_mutations(self.world, SEED), *other_mutations(self.world)]

    def read(self, mutation: Mutation) -> Tables:
        """The tables with one mutation, as a person would have them read."""
        file = self.folder / f"{mutation.table}.csv"
        content = file.read_bytes()
        changed = mutated(self.world, mutation, random.Random(SEED))
        try:
            if changed is None:
                file.unlink()
            else:
                file.write_bytes(changed)
            return load_tables(self.folder)
        finally:
            file.write_bytes(content)

    def outcome(self, mutation: Mutation) -> Outcome:
        """Read the mutated tables and judge the answer."""
        try:
            tables = self.read(mutation)
        except InputError as error:
            return Outcome(self.fault_of_refusal(mutation, error))
        except Exception as error:  # whatever else is raised is what this looks for
            return Outcome(f"{type(error).__name__}: {error}")
        # a bound above all that could be used counts as none, and the tables say so
        none = mutation.kind == "huge" and bool(tables.no_bounds)
        if misread := None if none else self.misread(mutation, tables):
            return Outcome(misread, accepted=True)
        same = tables.digest == self.good.digest
        if mutation.kind in SAME and not same:
            return Outcome("changes the tables", accepted=True)
        nothing = self.without_content(mutation) or by_default(mutation)
        if same and mutation.kind not in SAME and not nothing:
            return Outcome("changes nothing", accepted=True)
        try:
            make_instance(tables, self.case)
        except InputError as error:
            return Outcome(plain(error))
        except PaxSilicaError:
            return Outcome(accepted=True)
        except Exception as error:
            return Outcome(f"in the instance: {type(error).__name__}: {error}", accepted=True)
        return Outcome(accepted=True)

    def without_content(self, mutation: Mutation) -> bool:
        """Whether a dropped column held nothing."""
        header, *rows = self.world.tables[mutation.table]
        if mutation.kind != "column dropped":
            return False
        return not any(row[header.index(mutation.column)] for row in rows)

    def fault_of_refusal(self, mutation: Mutation, error: InputError) -> str:
        """What is wrong with a refusal: no place, words of a library, or another place alone."""
        for problem in error.problems:
            if problem.table not in TABLES:
                return f"names no table: {problem}"
            if not (problem.row or problem.column) and mutation.kind not in WHOLE_TABLE:
                return f"names no row and no column: {problem}"
        if not any(self.points_at(mutation, problem) for problem in error.problems):
            return f"names another place: {error}"
        return plain(error)

    def points_at(self, mutation: Mutation, problem: Any) -> bool:
        """Whether a problem leads to the change: by its place, or by the lost or new name."""
        if problem.table == mutation.table:
            return True
        _, *rows = self.world.tables[mutation.table]
        if mutation.line and not mutation.column:
            lost = rows[mutation.line - 2]
        else:
            lost = [mutation.before, mutation.after]
        if mutation.kind in WHOLE_TABLE or mutation.column:
            lost = [*lost, mutation.table, *(cell for row in rows for cell in row)]
        told = f"{problem.row} {problem.value} {problem.expected}"
        return any(cell and cell in told for cell in lost)

    def misread(self, mutation: Mutation, tables: Tables) -> str:
        """What a changed cell was read as, if that is not what stands in it."""
        if not mutation.column or mutation.kind not in CELL or by_default(mutation):
            return ""
        at = tables.lines[mutation.table].index(mutation.line)
        found = getattr(tables.rows(mutation.table)[at], mutation.column)
        if not stands_for(found, mutation.after.strip()):
            return f"{mutation.after[:60]!r} is read as {str(found)[:60]!r}"
        return ""


SAME = ("space behind", "space that does not break", "rows shuffled", "columns shuffled")
"""Kinds that leave the tables as they are."""


def by_default(mutation: Mutation) -> bool:
    """Whether what is left out has a default, so that its meaning is stated elsewhere."""
    return mutation.kind in ("blank", "column dropped") and bool(
        default_words(mutation.table, mutation.column)
    )


WHOLE_TABLE = ("table dropped", "no rows", "empty file")


def stands_for(value: Any, cell: str) -> bool:
    """Whether a value is what a cell says, read without the program."""
    match value:
        case None:
            return cell == ""
        case bool():
            return cell == ("yes" if value else "no")
        case int() | float():
            return math.isclose(float(cell), value, rel_tol=1e-15) and cell.isascii()
        case datetime.date():
            return cell == value.isoformat()
        case tuple():
            parts = [part.strip() for part in cell.split(";") if part.strip()]
            return len(parts) == len(value) and all(map(stands_for, value, parts))
        case _:
            return bool(value == cell)


def plain(error: InputError) -> str:
    """What is wrong with the words of an error, empty if nothing."""
    message = str(error)
    words = [word for word in JARGON if word in message]
    if words:
        return f"words of a library, {words}: {message[:300]}"
    if len(message) > LONGEST_MESSAGE:
        return f"a message of {len(message)} characters"
    if bad := [sign for sign in message if not sign.isprintable() and sign != "\n"]:
        return f"signs that a terminal obeys: {bad}"
    return ""


def accepted_list() -> list[dict[str, Any]]:
    """The reviewed list: kinds, places and the reason why such input is accepted."""
    path = Path(__file__).parent / "accepted_mutations.toml"
    found: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["accepted"]
    return found


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return Campaign(tmp_path_factory.mktemp("campaign"))


def test_list_of_accepted_mutations_names_kinds_and_columns_with_reasons(
    campaign: Campaign,
) -> None:
    places = {mutation.place for mutation in campaign.mutations}
    for entry in accepted_list():
        assert set(entry["kinds"]) <= set(KINDS), entry
        assert entry["places"] == ["every"] or set(entry["places"]) <= places, entry
        assert len(entry["reason"]) > 20, entry


def test_campaign_reaches_every_table_column_and_kind(campaign: Campaign) -> None:
    assert len(KINDS) >= 20
    assert {mutation.kind for mutation in campaign.mutations} == set(KINDS)
    assert {mutation.table for mutation in campaign.mutations} == set(TABLES)
    columns = {
        f"{table}.{name}" for table, rows in campaign.world.tables.items() for name in rows[0]
    }
    assert {mutation.place for mutation in campaign.mutations if mutation.column} == columns


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
def test_mutations_of_a_table_are_refused_in_words_or_read_as_they_stand(
    table: str, campaign: Campaign
) -> None:
    allowed = {
        (kind, place)
        for entry in accepted_list()
        for kind in entry["kinds"]
        for place in entry["places"]
    }
    wrong = []
    for mutation in campaign.mutations:
        if mutation.table == table:
            outcome = campaign.outcome(mutation)
            fault = outcome.fault
            listed = {(mutation.kind, mutation.place), (mutation.kind, "every")} & allowed
            if outcome.accepted and not fault and not listed:
                fault = "is accepted, and is not in accepted_mutations.toml"
            if fault:
                place = f"{mutation.place}, line {mutation.line}"
                cells = f"{mutation.before[:40]!r} to {mutation.after[:40]!r}"
                wrong.append(f"{mutation.kind}: {place}: {cells}: {fault}")
    assert not wrong, "\n".join([f"{len(wrong)} of the mutations:", *wrong])


def test_order_of_rows_and_columns_does_not_change_the_plan(campaign: Campaign) -> None:
    """All tables shuffled at once, so that one solve stands for all."""
    good = make_plan(campaign.good, campaign.case)
    for kind in ("rows shuffled", "columns shuffled"):
        before = {path: path.read_bytes() for path in campaign.folder.iterdir()}
        for mutation in campaign.mutations:
            if mutation.kind == kind:
                content = mutated(campaign.world, mutation, random.Random(SEED))
                assert content is not None
                (campaign.folder / f"{mutation.table}.csv").write_bytes(content)
        tables = load_tables(campaign.folder)
        for path, content in before.items():
            path.write_bytes(content)
        assert tables.digest == campaign.good.digest
        plan = make_plan(tables, campaign.case)
        assert plan.status == good.status == "optimal"
        assert plan.objective == pytest.approx(good.objective, rel=1e-6)
