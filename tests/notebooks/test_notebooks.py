"""Every notebook is stored without outputs, uses the public interface only, and runs in a new
kernel. Its controls then only look results up: each of their values is chosen, with every way to a
solver closed. The times are printed (``pytest -s``), not tested: they depend on the machine."""

from __future__ import annotations

import json
import re
import resource
import time
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]

EXPLORING = ("02", "03", "04", "05")
"""Notebooks that explore a trade-off with controls."""

CHOOSE_ALL = """
def choose_all_of_the_test():
    import itertools, json, time
    import highspy, ipywidgets
    from IPython.display import DisplayHandle
    import paxsilica
    from paxsilica.plan import solve
    from paxsilica.studies.parallel import Runner


    def refuse(*arguments, **options):
        raise AssertionError("a control solves")


    highspy.Highs.run = highspy.Highs.solve = Runner.run = solve.make_plan = refuse
    paxsilica.Question.solve = paxsilica.Question.instance = refuse
    drawn, update = [], DisplayHandle.update


    def count(self, shown, **options):
        drawn.append(shown)
        update(self, shown, **options)


    DisplayHandle.update = count
    every = list(ipywidgets.widgets.widget._instances.values())
    controls = [one for one in every if hasattr(one, "options") and hasattr(one, "value")]
    longest, choices = 0.0, 0
    for control in controls:
        values = [value for _, value in control._options_full]
        for value in [*values[1:], values[0]]:
            if control.value == value:
                continue
            before, started = len(drawn), time.monotonic()
            control.value = value
            longest = max(longest, time.monotonic() - started)
            choices += 1
            assert len(drawn) == before + 1, f"{control.description} = {value!r} draws nothing"
            assert drawn[-1] is not None
    for values in itertools.islice(
        itertools.product(*([value for _, value in one._options_full] for one in controls)), 60
    ):
        for control, value in zip(controls, values):
            control.value = value
    print(json.dumps({"controls": len(controls), "choices": choices, "longest": longest}))


choose_all_of_the_test()
"""
"""The last cell that the test adds: chooses every value of every control, then up to 60
combinations. It is a function, so that it hides no name of the notebook."""


def test_notebooks_are_numbered_in_order() -> None:
    assert [name[:2] for name in NAMES] == [f"{at + 1:02d}" for at in range(len(NAMES))]
    assert len(NAMES) >= 6


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_notebook_is_stored_without_outputs(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    assert book.cells[0].cell_type == "markdown"
    assert book.cells[0].source.startswith("# ")
    for cell in book.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
            for module in re.findall(r"(?:from|import) (paxsilica[.\w]*)", cell.source):
                assert module == "paxsilica", f"{module} is not the public interface"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_notebook_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("PYTHONWARNINGS", "default")
    book = nbformat.read(path, as_version=4)
    if explores := path.name.startswith(EXPLORING):
        book.cells.append(nbformat.v4.new_code_cell(CHOOSE_ALL))
    started, used = time.monotonic(), _cpu_of_children()
    nbclient.NotebookClient(
        book, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    ).execute()
    wall, cpu = time.monotonic() - started, _cpu_of_children() - used
    print(f"{path.stem}: {wall:.0f} s, {cpu:.0f} s of computing time")
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    if explores:
        (answer,) = [output.text for output in book.cells[-1].outputs if output.name == "stdout"]
        found = json.loads(answer)
        print(f"{found['choices']} choices, {found['longest']:.2f} s at most")
        assert found["controls"] >= 1
        assert found["choices"] >= 3 * found["controls"] - 1


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
