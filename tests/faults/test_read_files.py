"""Files as offices send them: workbooks that spreadsheet programs changed or damaged, files with a
separator line, notes beside tables, characters that are not seen."""

from __future__ import annotations

import contextlib
import datetime
import random
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from paxsilica.errors import InputError, Problem
from paxsilica.tables import load_tables
from paxsilica.tables.checks.cells import magnitudes
from paxsilica.tables.columns import NUMBER
from paxsilica.tables.files import LONGEST_TABLE

sys.path.insert(0, str(Path(__file__).parents[1] / "tables"))
from world import World

from worlds import seeds, some
from worlds import world as small_world


def problems(path: Path) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        load_tables(path)
    assert caught.value.exit_code == 2
    return list(caught.value.problems)


def workbook(path: Path, change: Callable[[Workbook], object] = lambda book: None) -> Path:
    """The good world as a workbook with typed cells, after a change."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in World().tables.items():
        sheet = book.create_sheet(name)
        sheet.append(rows[0])
        for row in rows[1:]:
            sheet.append(
                [_typed(name, column, cell) for column, cell in zip(rows[0], row, strict=True)]
            )
    change(book)
    book.save(path)
    return path


def _typed(table: str, column: str, cell: str) -> Any:
    if not cell:
        return None
    numeric = NUMBER.fullmatch(cell) and cell not in ("inf", "007")
    return float(cell) if numeric and column not in ("date", "row") else cell


CELLS = [
    ("projects", "A2"), ("assets", "A3"), ("recipes", "A2"), ("recipes", "B3"), ("demand", "C2"),
    ("regions", "C2"), ("projects", "D2"), ("provenance", "I2"), ("membership", "B2"),
]  # fmt: skip
VALUES = {
    "a date": datetime.datetime(2026, 3, 1),
    "a truth value": True,
    "a time": datetime.time(7, 30),
    "a number": 20300,
}


@pytest.mark.parametrize("what", VALUES)
@pytest.mark.parametrize(("sheet", "cell"), CELLS)
def test_a_name_that_a_spreadsheet_changed_is_refused(
    sheet: str, cell: str, what: str, tmp_path: Path
) -> None:
    def change(book: Workbook) -> None:
        book[sheet][cell] = VALUES[what]

    found = problems(workbook(tmp_path / "book.xlsx", change))
    assert any(one.table == sheet and f"holds {what}, not a name" in one.expected for one in found)


def test_typed_cells_of_the_good_world_are_read(tmp_path: Path) -> None:
    assert load_tables(workbook(tmp_path / "book.xlsx")).demand[0].quantity == 12000


@pytest.mark.parametrize("attribute", ["1", "true"])
@pytest.mark.parametrize("result", ["0", "24000"])
def test_a_formula_that_was_never_calculated_is_refused(
    attribute: str, result: str, tmp_path: Path
) -> None:
    path = _with_formula(tmp_path, f'<calcPr calcId="1" fullCalcOnLoad="{attribute}"/>', result)
    [problem] = problems(path)
    assert (problem.table, problem.row) == ("demand", "3")
    assert "never calculated" in problem.expected


@pytest.mark.parametrize("properties", ["", '<calcPr calcId="1" fullCalcOnLoad="0"/>'])
def test_a_formula_with_its_result_is_read(properties: str, tmp_path: Path) -> None:
    tables = load_tables(_with_formula(tmp_path, properties, "24000"))
    assert 24000 in {row.quantity for row in tables.demand}


@pytest.mark.parametrize(
    ("sheet", "row", "column"),
    [
        ("demand", 3, "quantity"),
        ("demand", 2, "region"),
        ("recipes", 2, "quantity"),
        ("assets", 2, "region"),
    ],
)
def test_a_formula_without_its_result_is_one_problem(
    sheet: str, row: int, column: str, tmp_path: Path
) -> None:
    """The blank that the formula leaves is no second problem."""

    def change(book: Workbook) -> None:
        place = [head.value for head in book[sheet][1]].index(column) + 1
        book[sheet].cell(row, place).value = "=1+1"

    [problem] = problems(workbook(tmp_path / "book.xlsx", change))
    assert (problem.table, problem.row, problem.column) == (sheet, str(row), column)
    assert "result is not saved" in problem.expected


def _with_formula(folder: Path, properties: str, result: str) -> Path:
    """A workbook with a formula whose result is stored, and its calculation properties."""

    def change(book: Workbook) -> None:
        book["demand"]["F3"] = "=12000*2"

    def edit(name: str, text: bytes) -> bytes:
        if name == "xl/workbook.xml":
            start = text.index(b"<calcPr")
            return text[:start] + properties.encode() + text[text.index(b"/>", start) + 2 :]
        return text.replace(b"<f>12000*2</f><v />", f"<f>12000*2</f><v>{result}</v>".encode())

    return _edited(workbook(folder / "plain.xlsx", change), folder / "book.xlsx", edit)


def _edited(source: Path, target: Path, edit: Callable[[str, bytes], bytes]) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, edit(part.filename, old.read(part)))
    return target


@pytest.mark.parametrize("name", ["_notes", "_", "_Chart 1"])
def test_sheets_and_files_of_notes_are_left_aside(name: str, tmp_path: Path) -> None:
    book = workbook(tmp_path / "book.xlsx", lambda book: book.create_sheet(name))
    assert load_tables(book).demand
    folder = World().write(tmp_path / "data")
    (folder / f"{name}.csv").write_text("mine", encoding="utf-8")
    assert load_tables(folder).demand


@pytest.mark.parametrize("name", ["Notes", "Chart1"])
def test_the_sentence_on_other_sheets_says_how_to_keep_them(name: str, tmp_path: Path) -> None:
    found = problems(workbook(tmp_path / "book.xlsx", lambda book: book.create_sheet(name)))
    assert [one.table for one in found] == [name]
    assert "begins with _" in found[0].expected


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("quoted", [True, False])
def test_a_separator_line_is_obeyed(separator: str, quoted: bool, tmp_path: Path) -> None:
    plain = load_tables(World().write(tmp_path / "plain"))
    world = World()
    line = f'"sep={separator}"' if quoted else f"sep={separator}"
    for table in ("demand", "assets", "stages"):
        rows = [separator.join(f'"{cell}"' for cell in row) for row in world.tables[table]]
        world.files[f"{table}.csv"] = "\r\n".join([line, *rows]).encode()
    tables = load_tables(world.write(tmp_path / "data"))
    assert tables == plain
    assert tables.lines["demand"][0] == 3


def test_a_file_with_semicolons_is_told_apart(tmp_path: Path) -> None:
    world = World()
    world.files["demand.csv"] = world.text("demand").replace(",", ";").encode()
    [problem] = problems(world.write(tmp_path / "data"))
    assert "not by semicolons" in problem.expected


UNSEEN = [0x200B, 0x200D, 0x00AD, 0x202E, 0x2066, 0xFEFF, 0x00A0]


@pytest.mark.parametrize("sign", UNSEEN)
@pytest.mark.parametrize(
    ("table", "line", "column", "value"),
    [
        ("demand", 2, "region", "JPN"),
        ("demand", 2, "commodity", "magnet"),
        ("routes", 4, "commodity", "ore"),
        ("limits", 2, "region", "JPN"),
        ("projects", 3, "prerequisites", "jp-sep"),
        ("regions", 2, "kind", "country"),
        ("demand", 2, "quantity", "12000"),
    ],
)
def test_a_character_that_is_not_seen_is_named(
    table: str, line: int, column: str, value: str, sign: int, tmp_path: Path
) -> None:
    world = World()
    world.set(table, line, **{column: f"{value[:2]}{chr(sign)}{value[2:]}"})
    found = problems(world.write(tmp_path / "data"))
    assert any(f"U+{sign:04X}" in one.expected for one in found), found


@pytest.mark.parametrize("sign", [0x00, 0x07, 0x1B, 0x7F, 0x9B, 0x200B, 0x202E, 0x2066])
@pytest.mark.parametrize(
    ("table", "column"), [("assets", "name"), ("processes", "unit"), ("stages", "description")]
)
def test_free_text_holds_no_commands_of_terminals(
    table: str, column: str, sign: int, tmp_path: Path
) -> None:
    world = World()
    world.set(table, 2, **{column: f"a{chr(sign)}[2Jb"})
    [problem] = problems(world.write(tmp_path / "data"))
    assert f"U+{sign:04X}" in problem.expected or "zero bytes" in problem.expected


@pytest.mark.parametrize("sign", ["=", "+", "@"])
@pytest.mark.parametrize("table", ["assets", "projects", "regions", "commodities", "stages"])
def test_names_do_not_begin_like_a_formula(table: str, sign: str, tmp_path: Path) -> None:
    world = World()
    world.set(table, 2, name=f"{sign}SUM(1)")
    [problem] = problems(world.write(tmp_path / "data"))
    assert f"should not begin with {sign}" in problem.expected


@pytest.mark.parametrize("bad", ["J|PN", "=JPN", "J\u200bPN", "J\x1bPN"])
@pytest.mark.parametrize("good", ["JPN", "magnet", "press", "jp-sep"])
def test_a_refused_name_is_one_problem_that_counts_its_consequences(
    good: str, bad: str, tmp_path: Path
) -> None:
    world, new = World(), bad.replace("JPN", good).replace("PN", good[1:]).replace("J", good[0])
    repeats = -1
    for rows in world.tables.values():
        for row in rows[1:]:
            for place, cell in enumerate(row):
                parts = cell.split("|")
                row[place] = "|".join(new if part == good else part for part in parts)
                repeats += row[place] != cell
    [problem] = problems(world.write(tmp_path / "data"))
    assert problem.value == new
    counted = re.search(r"; (\d+) (other )?cells? repeat", problem.expected)
    assert counted is not None
    assert 1 <= int(counted[1]) <= repeats


@pytest.mark.parametrize("digits", ["\u0661\u0662", "\u096a", "\uff11\uff12"])
@pytest.mark.parametrize("column", ["quantity", "year"])
def test_digits_are_0_to_9(digits: str, column: str, tmp_path: Path) -> None:
    world = World()
    world.set("demand", 2, **{column: digits})
    assert any(
        "digits are written 0 to 9" in p.expected for p in problems(world.write(tmp_path / "x"))
    )


def test_a_cell_that_is_too_long_is_told(tmp_path: Path) -> None:
    world = World()
    world.set("stages", 2, description="x" * 200_000)
    [problem] = problems(world.write(tmp_path / "data"))
    assert "at most 131,072 characters" in problem.expected


# damaged, protected and oversized workbooks


def _part(name: str, content: bytes = b"x") -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)

    return change


def _replaced(name: str, content: bytes) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        _edited(path, path.with_suffix(".tmp"), lambda part, old: content if part == name else old)
        path.with_suffix(".tmp").replace(path)

    return change


ROW = b"<row><c><v>1</v></c></row>"
SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
ENTITIES = b'<!DOCTYPE a [<!ENTITY b "cc">]><worksheet>&b;</worksheet>'
REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "macros": (_part("xl/vbaProject.bin"), "holds macros"),
    "links": (_part("xl/externalLinks/externalLink1.xml"), "linked to other workbooks"),
    "bomb": (_part("xl/media/a", bytes(130 * 2**20)), "larger than 128 MB when unpacked"),
    "encrypted": (lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600)), "is encrypted"),
    "no archive": (lambda path: path.write_bytes(b"name,unit\n"), "cannot be opened"),
    "empty": (lambda path: path.write_bytes(b""), "cannot be opened"),
    "broken styles": (_replaced("xl/styles.xml", b"<styleSheet><cellXfs"), "is damaged"),
    "broken sheet": (_replaced("xl/worksheets/sheet3.xml", SHEET + ROW), "is damaged"),
    "not a sheet": (_replaced("xl/worksheets/sheet3.xml", b"\xff\xfe"), "is damaged"),
    "no workbook": (_replaced("xl/workbook.xml", b"<a/>"), "has no sheets"),
    "rows": (
        _replaced(
            "xl/worksheets/sheet1.xml",
            SHEET + ROW * (LONGEST_TABLE + 2) + b"</sheetData></worksheet>",
        ),
        "should have at most 200,000 rows",
    ),
}


@pytest.mark.parametrize("name", some(REFUSED, len(REFUSED) - 1))
def test_a_workbook_that_cannot_be_used_gives_one_sentence(name: str, tmp_path: Path) -> None:
    change, words = REFUSED[name]
    path = workbook(tmp_path / "book.xlsx")
    change(path)
    [problem] = problems(path)
    assert words in problem.expected


@pytest.mark.parametrize("seed", seeds(0, 15, 25))
def test_a_flipped_byte_is_never_a_fault_of_the_program(seed: int, tmp_path: Path) -> None:
    path = workbook(tmp_path / "book.xlsx")
    content, draw = bytearray(path.read_bytes()), random.Random(seed)
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        load_tables(path)


@pytest.mark.parametrize("value", ["1e11", "1e12", "3e15", "1e300"])
@pytest.mark.parametrize(
    ("table", "line", "column", "words"),
    [
        ("assets", 4, "capacity", "million t; no limit is written inf"),
        ("demand", 3, "quantity", "million t"),
    ],
)
def test_quantities_beyond_the_solver_are_refused_with_a_better_unit(
    table: str, line: int, column: str, words: str, value: str, tmp_path: Path
) -> None:
    world = World()
    world.set(table, line, **{column: value})
    [problem] = problems(world.write(tmp_path / "data"))
    assert (problem.table, problem.row, problem.column) == (table, str(line), column)
    assert words in problem.expected


@pytest.mark.parametrize("value", ["1e10", "1e12", "3e15", "1e300"])
@pytest.mark.parametrize(
    ("table", "line", "column"),
    [("routes", 4, "largest_shipment"), ("projects", 3, "largest_size"), ("stocks", 2, "largest")],
)
def test_a_bound_above_all_that_could_be_used_is_none(
    table: str, line: int, column: str, value: str, tmp_path: Path
) -> None:
    world = World()
    world.set(table, line, **{column: value})
    tables = load_tables(world.write(tmp_path / "data"))
    found = getattr(tables.rows(table)[line - 2], column)
    if table == "routes":
        assert found is None
    else:
        assert 0 < found < 1e10
    [words] = tables.no_bounds
    assert f"{table} " in words
    assert f"{column} has no effect: it is above all that could be used" in words


@pytest.mark.parametrize("share", [0.5, 2.0, 8.0])
def test_a_large_bound_that_a_plan_could_reach_stays(share: float, tmp_path: Path) -> None:
    """Where the data needs as much, the bound is one."""
    world = World()
    world.set("demand", 3, quantity="9e9")
    world.set("routes", 4, largest_shipment=f"{share * 1e10:g}")
    tables = load_tables(world.write(tmp_path / "data"))
    assert tables.no_bounds == ()
    assert tables.routes[2].largest_shipment == share * 1e10


@pytest.mark.parametrize("factor", [1.0, 1e3, 1e9, 1e11])
@pytest.mark.parametrize("outlier", [1.0, 1e9, 1e12])
def test_a_large_quantity_is_one_where_the_chain_is_counted_in_such_quantities(
    factor: float, outlier: float, tmp_path: Path
) -> None:
    """The unit of a commodity decides how large its quantities are: what is refused is a quantity
    that is far above the others of its commodity, or one that no floating-point number holds."""
    capacities = {"one": factor, "two": 2.0 * factor, "three": 0.5 * outlier * factor}
    tables = small_world(
        {"grid": "-> power"},
        assets={name: {"process": "grid", "capacity": size} for name, size in capacities.items()},
        demand={("A", "power"): 1.5 * factor},
    )
    found = list(magnitudes(tables))
    largest = capacities["three"]
    if largest <= 1e10 or (outlier == 1.0 and largest <= 1e15):
        assert found == []
    else:
        [problem] = found
        assert (problem.table, problem.row, problem.column) == ("assets", "three", "capacity")
        assert "count in a larger unit, such as million t" in problem.expected


@pytest.mark.parametrize("factor", [1e11, 1e13])
def test_a_large_number_of_a_series_is_compared_like_a_cell(factor: float) -> None:
    tables = small_world(
        {"grid": "-> power"},
        assets={"one": {"process": "grid", "capacity": None}},
        series={("assets", "one", "capacity"): {2026: factor, 2030: 2 * factor}},
        demand={("A", "power"): factor},
    )
    assert list(magnitudes(tables)) == []
    lower = tables.edited("demand", lambda row: {"quantity": 1.0})
    found = list(magnitudes(lower))
    assert [one.table for one in found] == ["series", "series"]


@pytest.mark.parametrize("rate", ["1e-17", "-1e-9", "5e-7"])
@pytest.mark.parametrize(
    ("table", "column"), [("funders", "cost_of_capital"), ("projects", "sponsor_cost_of_capital")]
)
def test_rates_too_near_to_0_are_refused(
    table: str, column: str, rate: str, tmp_path: Path
) -> None:
    world = World()
    world.set(table, 2, **{column: rate})
    [problem] = problems(world.write(tmp_path / "data"))
    assert "be 0, or at least 0.000001" in problem.expected
