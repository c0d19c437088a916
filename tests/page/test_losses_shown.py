"""The page shows the study of losses where it is given for the plan."""

from __future__ import annotations

import html
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from paxsilica.api import Question
from paxsilica.cli import app
from paxsilica.errors import InputError
from paxsilica.report.page import render_page
from paxsilica.report.views.losses import load_losses
from paxsilica.report.views.named_plan import case_of
from paxsilica.studies.stress import stress
from report_world import named, save, tables


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = named().plan
    found = stress(
        Question(tables(), case_of(plan)), plan, lose=["region", "plant"], count=2, workers=1
    )
    return found.save(tmp_path_factory.mktemp("study"))


def test_the_page_shows_the_losses_of_the_study(study: Path) -> None:
    assert "If one more is lost" not in render_page(named())
    losses = load_losses(study, named().plan)
    page = render_page(replace(named(), losses=losses))
    rows = pd.read_csv(study / "losses.csv").to_dict("records")
    start = page.index('id="a-losses"')
    body = page[page.index("<tbody>", start) : page.index("</tbody>", start)]
    names = re.findall(r'<th scope="row">(.*?)</th>', body)
    assert list(map(html.unescape, names)) == [row["name"] for row in rows if row["damage"] > 1e-6]
    assert names
    assert "it is proved that no other is worse" in page
    assert page.count('<th scope="row">all stages at once</th>') == 1


def test_the_study_must_be_of_the_plan(study: Path, tmp_path: Path) -> None:
    document = json.loads((study / "study.json").read_text(encoding="utf-8"))
    with pytest.raises(InputError, match=r"another case .* differs in budget_usd_m"):
        load_losses(study, named(50.0).plan)
    changes: dict[str, dict[str, object]] = {
        "of other data": {"data_digest": "other"},
        "should be a study of `paxsilica stress`": {"study": "Frontier"},
        "of this version has written": {"tables": None},
        "with other projects": {"committed": {}},
    }
    for at, (words, change) in enumerate(changes.items()):
        place = tmp_path / str(at)
        shutil.copytree(study, place)
        (place / "study.json").write_text(json.dumps(document | change), encoding="utf-8")
        with pytest.raises(InputError, match=words):
            load_losses(place, named().plan)
    with pytest.raises(InputError, match="of this version has written"):
        load_losses(tmp_path, named().plan)


def test_the_command_takes_the_study(study: Path, tmp_path: Path) -> None:
    plan = save(60.0, tmp_path / "plan")
    words = ["report", str(plan), "--stress", str(study), "--out", str(tmp_path / "one.html")]
    found = CliRunner().invoke(app, words)
    assert found.exit_code == 0, found.output
    assert "If one more is lost" in (tmp_path / "one.html").read_text(encoding="utf-8")
    wrong = CliRunner().invoke(app, [*words[:3], str(tmp_path), *words[4:]])
    assert wrong.exit_code == 2
    assert "--stress" in wrong.output
