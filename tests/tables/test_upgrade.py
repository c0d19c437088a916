"""Input of version 0.1: readers answer with one error, and the upgrade rewrites names and nothing
else."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from pathlib import Path

import pytest
from killed_moves import Killed, killed_after
from typer.testing import CliRunner
from world import World

from paxsilica.case import make_case, read_case
from paxsilica.cli import app
from paxsilica.errors import InputError
from paxsilica.renames import (
    RENAMES,
    DroppedKey,
    DroppedTable,
    RenamedColumn,
    RenamedKey,
    RenamedSetting,
    RenamedValue,
)
from paxsilica.tables import load_tables
from paxsilica.tables.write import write_folder
from paxsilica.upgrade import upgrade

OLD_CASE = """\
# A case of version 0.1
years = "2026-2030"  # five years

[finance]
discount_rate = 0.05
residual_value = true

[operation]
warm = false  # plants may stand idle

[solver]
gap = 0.01
"""


NEW_CASE = OLD_CASE.replace("warm", "readiness").replace("residual_value = true\n", "")


def old_world() -> World:
    """The good world with the word of version 0.1 for a cut-off, in two rows and a key."""
    world = World()
    header, *rows = world.tables["events"]
    at = header.index("event")
    for row in rows:
        row[at] = "switch off" if row[at] == "cut-off" else row[at]
    assert any(row[at] == "switch off" for row in rows)
    return world


def old_case(folder: Path, text: str = OLD_CASE) -> Path:
    path = folder / "mine.toml"
    path.write_bytes(text.encode())
    return path


def test_old_tables_give_one_error_that_names_the_command(tmp_path: Path) -> None:
    world = old_world()
    world.set("assets", 4, capacity="lots")
    folder = world.write(tmp_path / "old")
    with pytest.raises(InputError) as caught:
        load_tables(folder)
    [problem] = caught.value.problems
    assert f"run `paxsilica upgrade {folder}`" in problem.expected
    assert "events.event 'switch off' is now 'cut-off'" in problem.expected


def test_old_case_gives_one_error_that_names_the_command(tmp_path: Path) -> None:
    path = old_case(tmp_path, OLD_CASE + "gapp = 3\n")
    with pytest.raises(InputError) as caught:
        read_case(path)
    [problem] = caught.value.problems
    assert f"run `paxsilica upgrade {path}`" in problem.expected


def test_old_key_of_a_setting_is_answered_with_the_new_one(tmp_path: Path) -> None:
    path = old_case(tmp_path, NEW_CASE)
    with pytest.raises(InputError, match=r"operation\.warm is now operation\.readiness"):
        read_case(path, ["operation.warm=true"])


def test_upgraded_tables_are_those_of_this_version(tmp_path: Path) -> None:
    folder = old_world().write(tmp_path / "old")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    report = upgrade(folder)
    assert report.changes == ("events.event 'switch off' is now 'cut-off'",)
    assert report.files == (folder / "events.csv",)
    assert report.backups == (folder / "events.csv.orig",)
    assert report.backups[0].read_bytes() == before["events.csv"]
    good = load_tables(World().write(tmp_path / "good"))
    assert load_tables(folder).digest == good.digest
    for name in before.keys() - {"events.csv"}:
        assert (folder / name).read_bytes() == before[name]


def test_upgraded_case_keeps_its_comments(tmp_path: Path) -> None:
    path = old_case(tmp_path)
    report = upgrade(path)
    assert path.read_text().startswith(NEW_CASE)
    assert report.backups[0].read_text() == OLD_CASE
    assert read_case(path).operation.readiness is False


def test_second_upgrade_changes_nothing(tmp_path: Path) -> None:
    for path in (old_world().write(tmp_path / "old"), old_case(tmp_path)):
        upgrade(path)
        files = [*path.parent.rglob("*.*")]
        times = [file.stat().st_mtime_ns for file in files]
        assert upgrade(path).changes == ()
        assert [file.stat().st_mtime_ns for file in files] == times


def test_no_copy_is_kept_in_place(tmp_path: Path) -> None:
    path = old_case(tmp_path)
    assert upgrade(path, backup=False).backups == ()
    assert [file.name for file in tmp_path.iterdir()] == ["mine.toml"]


def test_copy_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = old_case(tmp_path)
    copy = path.with_name("mine.toml.orig")
    copy.write_text("mine")
    with pytest.raises(InputError, match="place of the backup"):
        upgrade(path)
    assert (path.read_text(), copy.read_text()) == (OLD_CASE, "mine")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OLD_CASE + "[opera]\nx = 1\n", "key 'opera' that neither version has"),
        (OLD_CASE.replace("warm", "readiness = true\nwarm"), "should have one of the keys"),
        (OLD_CASE.replace("[operation]\nwarm = false", '["operation"]\nwarm = false'), "edit it"),
        ("years = ", "readable TOML"),
    ],
)
def test_case_that_is_not_understood_is_not_changed(tmp_path: Path, text: str, words: str) -> None:
    path = old_case(tmp_path, text)
    with pytest.raises(InputError, match=words) as caught:
        upgrade(path)
    assert len(caught.value.problems) == 1
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("mine.toml", text)]


def test_folder_that_is_not_understood_is_not_changed(tmp_path: Path) -> None:
    world = old_world()
    world.set("assets", 2, owner="x")
    folder = world.write(tmp_path / "old")
    with pytest.raises(InputError, match="column 'owner' that neither version has"):
        upgrade(folder)
    assert "switch off" in (folder / "events.csv").read_text(encoding="utf-8")
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "nowhere", folder / "events.csv"):
        with pytest.raises(InputError, match="should"):
            upgrade(path)


ALL_KINDS = (
    RenamedColumn("routes", "freight", "cost_usd_per_unit"),
    RenamedValue("recipes", "role", "feed", "input"),
    DroppedTable("colours", "nothing reads it"),
)


def worlds_of_all_kinds() -> tuple[World, World]:
    """A good world, and the same with an old column and its mentions, a word inside keys, and a
    table of the old version."""
    good = World()
    good.add("provenance", "recipes,separate|ore|input,quantity,t,0.9,1.1,relative,,guess,D,,")
    good.set("provenance", 4, formula="")
    good.set("provenance", 8, formula="[routes|*|SEA|*|cost_usd_per_unit] * 2")
    good.set("provenance", 9, formula="[cost_usd_per_unit] + 1")
    old = World()
    old.tables = {
        name: [
            [cell.replace("cost_usd_per_unit", "freight") if name != "assets" else cell
             for cell in row]
            for row in rows
        ]
        for name, rows in good.tables.items()
        if name in ("routes", "series", "provenance")
    }  # fmt: skip
    others = {name: rows for name, rows in good.tables.items() if name not in old.tables}
    old.tables |= others
    for name in ("series", "provenance"):  # columns of other tables that end in the same letters
        for row in old.tables[name]:
            row[:] = [
                cell.replace("variable_freight", "variable_cost_usd_per_unit") for cell in row
            ]
            row[:] = [cell.replace("holding_freight", "holding_cost_usd_per_unit") for cell in row]
    old.tables["recipes"] = [
        ["feed" if cell == "input" else cell for cell in row] for row in old.tables["recipes"]
    ]
    old.tables["provenance"][-1][1] = "separate|ore|feed"
    return good, old


def test_every_kind_of_rename(tmp_path: Path) -> None:
    """The tables are again the good ones."""
    good, old = worlds_of_all_kinds()
    old.files["colours.csv"] = b"colour\nred\n"
    folder = old.write(tmp_path / "old")
    report = upgrade(folder, renames=ALL_KINDS)
    assert len(report.changes) == 3
    assert {path.name for path in report.files} == {
        "colours.csv", "provenance.csv", "recipes.csv", "routes.csv", "series.csv"
    }  # fmt: skip
    assert not (folder / "colours.csv").exists()
    assert (folder / "colours.csv.orig").exists()
    expected = good.write(tmp_path / "good")
    for path in expected.iterdir():
        with path.open(newline="") as right, (folder / path.name).open(newline="") as found:
            assert list(csv.reader(found)) == list(csv.reader(right)), path.name


def test_moved_keys_and_words_of_a_case(tmp_path: Path) -> None:
    text = OLD_CASE.replace("years =", 'trusted = ["ally", "signatory"]\nprecision = 0.1\nyears =')
    text = text.replace(
        "years =", 'objective = "least"  # least\nfunding = { ally = 2027 }\nyears ='
    )
    text += '\n[membership]\nAA = "foe"\nBB = "neutral"  # no foe\n'
    path = old_case(tmp_path, text)
    renames = (
        *RENAMES,
        RenamedKey("precision", "coverage.shortfall_weight"),
        RenamedKey("solver.gap", "finance.gap"),
        RenamedSetting("roles.protected", "ally", "participant"),
        RenamedSetting("funding", "ally", "participant"),
        RenamedSetting("membership", "foe", "adversary"),
        RenamedSetting("objective", "least", "cost"),
    )
    assert len(upgrade(path, renames=renames).changes) == 9
    new = path.read_text()
    assert 'objective = "cost"  # least' in new
    assert "funding = { participant = 2027 }" in new
    assert 'AA = "adversary"\nBB = "neutral"  # no foe' in new
    assert '[roles]\nprotected = ["participant", "signatory"]' in new
    assert "[coverage]\nshortfall_weight = 0.1" in new
    assert "[finance]\ngap = 0.01" in new
    assert upgrade(path, renames=renames).changes == ()


def test_an_old_objective_has_its_new_name(tmp_path: Path) -> None:
    text = OLD_CASE.replace("years =", 'objective = "shortfall"\nyears =')
    path = old_case(
        tmp_path, text + "\n[coverage]\nrequired = 0.5\nfrom_year = 2030\nhard = false\n"
    )
    upgrade(path)
    assert read_case(path).objective == "security"


def test_a_case_from_before_roles_keeps_its_meaning(tmp_path: Path) -> None:
    path = old_case(tmp_path, OLD_CASE.replace("years =", 'trusted = ["participant"]\nyears ='))
    upgrade(path)
    new = read_case(path)
    assert new.roles.protected == {"participant": 0}
    assert set(new.roles.adversary) == {"signatory", "participant", "neutral", "adversary"}
    assert (new.need.regions, new.access.open) == ("protected", 0.0)
    assert upgrade(path).changes == ()


def test_current_input_has_no_old_names() -> None:
    """No entry may rename to a name that another entry renames again, or the reader refuses it."""
    olds = {rename.old for rename in RENAMES if not isinstance(rename, DroppedTable)}
    dropped = (DroppedTable, DroppedKey)
    news = {rename.new for rename in RENAMES if not isinstance(rename, dropped)}
    assert not olds & news
    assert make_case({"years": "2026", "finance": {"discount_rate": 0}})


def test_command_prints_what_changed(tmp_path: Path) -> None:
    path = old_case(tmp_path)
    result = CliRunner().invoke(app, ["upgrade", str(path), "--json"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.output)
    assert document["changes"][:2] == [
        "operation.warm is now operation.readiness",
        "finance.residual_value no longer exists: capital is charged as annuities within the"
        " years of the case",
    ]
    assert document["written"] == [str(path)]
    again = CliRunner().invoke(app, ["upgrade", str(path)])
    assert "nothing to change" in again.output
    wrong = CliRunner().invoke(app, ["upgrade", str(tmp_path / "none")])
    assert wrong.exit_code == 2


def test_written_folder_is_whole_or_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = World().write(tmp_path / "tables")
    tables = load_tables(folder)
    (folder / "stages.csv").write_text("mine", encoding="utf-8")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("paxsilica.tables.write.columns_in_use", full)
        for place in (folder, tmp_path / "new"):
            with pytest.raises(OSError, match="No space left"):
                write_folder(tables, place)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert [file.name for file in tmp_path.iterdir()] == ["tables"]
    write_folder(tables, folder)
    assert load_tables(folder).digest == tables.digest


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_old_tables_as_offices_send_them_are_upgraded(
    tmp_path: Path, separator: str, ending: str
) -> None:
    folder = old_world().write(tmp_path / "old")
    path = folder / "events.csv"
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=ending).writerows(rows)
    path.write_bytes(f"\ufeffsep={separator}{ending}{text.getvalue()}".encode())
    assert upgrade(folder).files == (path,)
    assert load_tables(folder).digest == load_tables(World().write(tmp_path / "good")).digest


def test_old_case_with_a_byte_order_mark_is_upgraded(tmp_path: Path) -> None:
    path = old_case(tmp_path, f"\ufeff{OLD_CASE}")
    upgrade(path)
    assert path.read_text(encoding="utf-8").startswith(NEW_CASE)


@pytest.mark.parametrize("moves", range(14))
@pytest.mark.parametrize("kind", ["tables", "case"])
def test_an_upgrade_that_was_cut_short_is_finished_by_the_next(
    tmp_path: Path, kind: str, moves: int
) -> None:
    """Killed before any of its moves of files: tables that name each other never end half old and
    half new, and each changed file has a copy of its former content."""
    good, old = worlds_of_all_kinds()
    renames = ALL_KINDS if kind == "tables" else RENAMES
    path = old_case(tmp_path) if kind == "case" else old.write(tmp_path / "old")
    place = path if path.is_dir() else tmp_path
    before = {file.name: file.read_bytes() for file in place.iterdir()}
    with suppress(Killed), killed_after(moves):
        upgrade(path, renames=renames)
    upgrade(path, renames=renames)
    found = {file.name: file.read_bytes() for file in place.iterdir()}
    copies = {name for name in found if name.endswith(".orig")}
    assert copies
    assert {name: found[name] for name in copies} == {
        name: before[name.removesuffix(".orig")] for name in copies
    }
    changed = {name for name in before if name not in found or found[name] != before[name]}
    assert copies == {f"{name}.orig" for name in changed}
    assert not [name for name in found if name.startswith(".")]
    if kind == "tables":
        for right in good.write(tmp_path / "good").iterdir():
            rows = [
                list(csv.reader(io.StringIO(one.read_text(encoding="utf-8"))))
                for one in (right, path / right.name)
            ]
            assert rows[0] == rows[1], right.name
    else:
        assert path.read_text(encoding="utf-8").startswith(NEW_CASE)
