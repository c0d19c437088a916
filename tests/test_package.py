"""The package as others get it: what is bundled, how it is installed, and that its papers agree."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import paxsilica
from paxsilica import bundled
from paxsilica.case import read_case
from paxsilica.errors import InputError

ROOT = Path(__file__).parents[1]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_bundled_folders_are_those_of_the_checkout() -> None:
    assert bundled.data_folder() == ROOT / "data"
    assert list(bundled.case_files()) == sorted(
        path.stem for path in (ROOT / "models").rglob("*.toml")
    )
    assert bundled.DEFAULT_CASE in bundled.case_files()


@pytest.mark.parametrize("name", bundled.case_files())
def test_bundled_case_reads_and_says_what_it_asks(name: str) -> None:
    case = read_case(bundled.find_case(name))
    assert case.name == name
    assert case.title
    assert case.question.endswith("?")


def test_case_is_a_name_or_a_path(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("")
    assert bundled.find_case(str(file)) == file
    with pytest.raises(InputError, match="did you mean base"):
        bundled.find_case("bsae")


def test_first_lines_of_the_readme_are_the_whole_setup() -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", read("README.md"), re.M | re.S)
    assert blocks[:2] == ["make solve\n", "make test\n"]


def test_ci_runs_the_line_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & stat.S_IXUSR
    commands = [line for line in script.read_text().splitlines() if line.startswith("make ")]
    assert commands == ["make test", "make lint", "make types"]


def test_every_target_of_make_is_declared_and_explained() -> None:
    text = read("Makefile")
    declared = re.search(r"^\.PHONY: (.*)$", text, re.M)
    assert declared
    assert set(re.findall(r"^([a-z]+):.* ## .+$", text, re.M)) == set(declared[1].split())


def test_papers_agree_on_the_version() -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert paxsilica.__version__ == version
    assert f"\nversion: {version}\n" in read("CITATION.cff")
    assert f"\n## {version}" in read("CHANGELOG.md")


@pytest.mark.slow
def test_wheel_runs_in_an_empty_folder(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run(
        [
            *pip,
            "wheel",
            str(ROOT),
            "--no-deps",
            "--no-build-isolation",
            "--quiet",
            "--wheel-dir",
            str(tmp_path),
        ],
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    place, empty = tmp_path / "place", tmp_path / "empty"
    empty.mkdir()
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-index", "--quiet", "--target", str(place), str(wheel)],
        check=True,
    )
    program = (
        f"import sys; sys.path.insert(0, {str(place)!r}); from paxsilica.cli import main; main()"
    )
    for command, words in (("cases", "signatories-only"), ("check", "no problems")):
        done = subprocess.run(
            [sys.executable, "-c", program, command],
            cwd=empty,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert words in done.stdout
    found = (
        f"{program.rpartition('main()')[0]}from paxsilica import bundled;"
        " print(bundled.data_folder())"
    )
    done = subprocess.run(
        [sys.executable, "-c", found], cwd=empty, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == place / "paxsilica" / "bundled" / "data"


def test_every_public_name_can_be_loaded() -> None:
    for name in paxsilica.__all__:
        assert getattr(paxsilica, name) is not None
