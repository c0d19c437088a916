"""Every column of every table of a study is documented with its type and unit, and holds values of
that type."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest
from ore_world import World
from ore_world import case as ore_case
from smallworlds import completion_chain, embargo, question

from paxsilica.cli.reference import study_tables
from paxsilica.output_tables import USD_MILLION, Column, DType, Format, TableDoc
from paxsilica.serialize import plain
from paxsilica.studies.alternatives import alternatives
from paxsilica.studies.completion_draws import completion
from paxsilica.studies.explain import Explanation, explain_project
from paxsilica.studies.exposure import Exposure, explain_stage
from paxsilica.studies.frontier import frontier
from paxsilica.studies.information import information
from paxsilica.studies.montecarlo import montecarlo
from paxsilica.studies.partners import Partners, parse_player, value_partners
from paxsilica.studies.replan import replan
from paxsilica.studies.results import Study
from paxsilica.studies.scenarios import compare, side_by_side
from paxsilica.studies.sensitivity import sensitivity, two_way
from paxsilica.studies.stress import stress

TABLES = {
    f"{study}, {name}": table
    for study, tables in study_tables().items()
    for name, table in tables.items()
}
CAPEX, DEMAND = "projects.capex_usd_m", "demand.quantity"


def kinds(kind: type[Study]) -> Iterator[type[Study]]:
    """Every class of results of studies in the package."""
    for inner in kind.__subclasses__():
        if inner.__module__.startswith("paxsilica."):
            yield inner
        yield from kinds(inner)


def test_the_reference_has_every_study() -> None:
    listed = [id(docs) for docs in study_tables().values()]
    assert {id(one.docs) for one in kinds(Study)} <= set(listed)
    assert len({*listed}) == len(listed) == 14
    assert all(one.main in one.docs for one in kinds(Study))


@pytest.mark.parametrize("name", TABLES)
def test_every_column_has_a_type_and_every_number_a_unit(name: str) -> None:
    assert TABLES[name].title
    assert TABLES[name].schema
    for key, column in TABLES[name].schema.items():
        assert isinstance(column, Column), key
        assert column.dtype in get_args(DType), key
        assert column.format in get_args(Format), key
        assert bool(column.unit) == (column.dtype == "number"), key
        assert (column.format == "year") == (column.dtype == "year"), key
        assert (column.unit == USD_MILLION) == (column.format == "money"), key
        assert column.text, key
        assert "million" not in column.text, key
        if "usd_m" in key:
            assert column.unit == USD_MILLION, key


def fits(column: Column, value: Any) -> bool:
    """Whether a value is blank or has the type of its column."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    value = plain(value)
    match column.dtype:
        case "text":
            return isinstance(value, str | list)
        case "true/false":
            return isinstance(value, bool)
        case "yes/no":
            return value in ("yes", "no", "")
        case "number":
            if isinstance(value, dict):
                return all(fits(column, one) for one in value.values())
            return isinstance(value, int | float) and not isinstance(value, bool)
        case _:
            return isinstance(value, int | float) and float(value).is_integer()


def check(
    docs: Mapping[str, TableDoc], tables: Mapping[str, pd.DataFrame | Sequence[Any]], whole: bool
) -> None:
    """Every table has the documented columns (``whole``: all of them), with values that fit."""
    assert set(tables) <= set(docs)
    for name, table in tables.items():
        schema = docs[name].schema
        rows = table.to_dict("records") if isinstance(table, pd.DataFrame) else list(table)
        assert rows, name
        for row in rows:
            assert set(row) == set(schema) if whole else set(row) <= set(schema), name
            for key, value in row.items():
                assert fits(schema[str(key)], value), f"{name}.{key}: {value!r}"


def test_values_of_studies_have_the_types_of_their_columns(tmp_path: Path) -> None:
    problem = question("2030", ranges=True)
    smaller = problem.with_(budget=25.0)
    plan = problem.solve()
    found: list[Study] = [
        frontier(problem, along={"budget": [25.0, 60.0]}, workers=1),
        frontier(problem, along={"coverage": 2}, workers=1),
        alternatives(problem, plans=2, workers=1),
        sensitivity(problem, [CAPEX], plan=plan, workers=1),
        two_way(problem, CAPEX, DEMAND, levels=(-1.0, 1.0), plan=plan, resolve=False, workers=1),
        montecarlo(problem, 4, parameters=[CAPEX], plan=plan, workers=1),
        completion(completion_chain(), 20, workers=1),
        information(embargo(), workers=1),
        side_by_side({"one": problem, "two": smaller}, plans={"one": plan}, workers=1),
        compare(plan, smaller.solve()),
        stress(problem, plan, lose=["region", "plant"], count=2, workers=1),
        replan(smaller, plan, tables_before=problem.tables, workers=1),
    ]
    assert {type(one) for one in found} == set(kinds(Study))
    for study in found:
        check(study.docs, study.tables, whole=False)
    saved = found[0].save(tmp_path / "study") / "study.json"
    assert '"units": {' in saved.read_text(encoding="utf-8")


def test_values_of_explanations_have_the_types_of_their_columns() -> None:
    tables, case = World().read(), ore_case("coverage.hard=false")
    project = explain_project(tables, case, "smelt-a1", ())
    flat = {name: project.result()[name] for name in Explanation.docs}
    check(Explanation.docs, flat, whole=True)
    stage = explain_stage(
        World().set("assets", "mine-ala", controller="CHN").read(), case, "magnets"
    )
    check(Exposure.docs, {name: stage.result()[name] for name in Exposure.docs}, whole=True)
    players = [parse_player("money:ALA", tables), parse_player("money:BLA", tables)]
    partners = value_partners(tables, case, players)
    check(Partners.docs, partners.result()["tables"], whole=True)
