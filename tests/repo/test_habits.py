"""Tests of the files around the program: workflows, dependencies, lock, changelog and Makefile."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from program import COMMANDS

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))
SCHEMAS = [
    *(("github-workflows", path) for path in WORKFLOWS),
    *(("github-issue-forms", path) for path in FORMS),
    ("github-issue-config", ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml"),
    ("dependabot", ROOT / ".github" / "dependabot.yml"),
    ("citation-file-format", ROOT / "CITATION.cff"),
]
MAKE = shutil.which("make")
needs_make = pytest.mark.skipif(
    MAKE is None or os.name == "nt",
    reason="make is not installed, or the system has no shell for it",
)

KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
ALTERED = "Changes that alter results"


def read(name: str) -> str:
    """Text of a file of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def project() -> dict[str, Any]:
    """Content of pyproject.toml."""
    return tomllib.loads(read("pyproject.toml"))


def workflow(path: Path) -> dict[Any, Any]:
    """Content of a workflow file; YAML 1.1 reads its key ``on`` as true."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def jobs() -> dict[str, Any]:
    """Jobs of the workflow that checks every change."""
    return workflow(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]


def release_script() -> ModuleType:
    """The script that writes the text of a release."""
    path = ROOT / ".github" / "scripts" / "release_notes.py"
    spec = importlib.util.spec_from_file_location("release_notes", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Workflows


def test_linux_job_runs_the_commands_of_the_local_check() -> None:
    script = read(".ci/run").splitlines()
    local = [line for line in script if line and not line.startswith(("#", "set ", "cd "))]
    steps = jobs()["linux"]["steps"]
    assert local
    assert [step["run"] for step in steps if "run" in step] == local


def test_a_job_installs_the_programs_that_look_at_page_and_workbook() -> None:
    """And fails where one is missing: skipped tests would pass."""
    job = jobs()["looks"]
    commands = " ".join(step.get("run", "") for step in job["steps"])
    assert job["env"]["PAXSILICA_NO_SKIPS"]
    assert {"libreoffice-calc", "poppler-utils", "tests/page", "tests/export"} <= set(
        commands.replace("/test_workbook.py", "").split()
    )


def test_a_skipped_test_fails_where_all_programs_are_to_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conftest.py").write_text(read("tests/conftest.py"), encoding="utf-8")
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\n\n@pytest.mark.skip(reason='no program')\ndef test_it(): ...\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    for told, code in (("", 0), ("1", 1)):
        monkeypatch.setenv("PAXSILICA_NO_SKIPS", told)
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout


def test_ci_runs_on_three_systems_and_every_supported_python() -> None:
    matrix = jobs()["linux"]["strategy"]["matrix"]["python"]
    others = jobs()["other-systems"]["strategy"]["matrix"]
    prefix = "Programming Language :: Python :: 3."
    named = {item for item in project()["project"]["classifiers"] if item.startswith(prefix)}
    assert {item.rpartition(" ")[2] for item in named} <= set(matrix)
    assert project()["project"]["requires-python"] == f">={matrix[0]}"
    assert others["python"] == matrix
    assert others["system"] == ["macos-latest", "windows-latest"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_and_jobs_have_a_time_limit(path: Path) -> None:
    content = workflow(path)
    assert content["permissions"] == {"contents": "read"}
    for job in content["jobs"].values():
        assert "timeout-minutes" in job or job["uses"].startswith("./")
        for step in job.get("steps", []):
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+(\.\d+\.\d+)?", step.get("uses", "a/b@v1"))


@pytest.mark.parametrize(("schema", "path"), SCHEMAS, ids=[path.name for _, path in SCHEMAS])
def test_file_follows_its_schema(schema: str, path: Path) -> None:
    module = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    options = ["--default-filetype", "yaml", str(path)]
    done = subprocess.run([*module, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_pass_actionlint() -> None:
    program = shutil.which("actionlint")
    if program is None:
        pytest.skip("actionlint is not installed; the job 'workflows' of CI runs it")
    command = [program, *map(str, WORKFLOWS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_local_hooks_use_the_tools_of_the_project() -> None:
    repos = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    (local,) = [item["hooks"] for item in repos if item["repo"] == "local"]
    assert {hook["language"] for hook in local} == {"system"}
    programs = [hook["entry"].split()[0] for hook in local]
    assert programs == [".venv/bin/ruff", ".venv/bin/ruff", ".venv/bin/mypy"]


# Dependencies


def dependency_lines(text: str) -> list[str]:
    """Lines of pyproject.toml that name a dependency."""
    return re.findall(r"^ *\"[\w.-]+(?:\[[\w,]+\])?[<>=!~][^\"]*\".*$", text, re.M)


def requirements() -> list[str]:
    """All requirements in pyproject.toml: of the build, the program, extras and groups."""
    content = project()
    lists = [
        content["build-system"]["requires"],
        content["project"]["dependencies"],
        *content["project"]["optional-dependencies"].values(),
        *content["dependency-groups"].values(),
    ]
    return [item for items in lists for item in items if isinstance(item, str)]


def normal(name: str) -> str:
    """Normalised name of the package in a requirement."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", name)[0]).lower()


def test_every_dependency_has_a_line_and_a_reason() -> None:
    lines = dependency_lines(read("pyproject.toml"))
    assert len(lines) == len(requirements())
    assert [line for line in lines if not re.search(r"\", *# \S.{5,}$", line)] == []


def test_development_tools_are_groups_and_the_rest_are_extras() -> None:
    content = project()
    extras = content["project"]["optional-dependencies"]
    groups = content["dependency-groups"]
    assert set(extras) == {"plots", "notebooks", "cluster", "parquet"}
    assert set(groups) == {"test", "docs", "lint", "build", "dev"}
    assert groups["dev"] == [{"include-group": name} for name in groups if name != "dev"]
    assert set(content["build-system"]["requires"]) <= set(groups["build"])


def test_lock_has_hashes_and_no_addresses() -> None:
    line = r"[a-z0-9.-]+==[\w.]+( ; [^\\/]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?"
    lines = read("requirements.lock").splitlines()
    assert [item for item in lines if not re.fullmatch(line, item)] == []


def test_lock_has_every_requirement_with_a_hash() -> None:
    blocks = re.split(r"^(?=\S)", read("requirements.lock"), flags=re.M)[1:]
    assert all("--hash=sha256:" in block for block in blocks)
    missing = {normal(item) for item in requirements()} - {normal(block) for block in blocks}
    assert missing == set()


def test_package_is_marked_as_typed() -> None:
    assert (ROOT / "src" / "paxsilica" / "py.typed").is_file()
    assert "Typing :: Typed" in project()["project"]["classifiers"]


# Changelog


def test_changelog_has_the_headings_of_keep_a_changelog() -> None:
    text = read("CHANGELOG.md")
    versions = re.findall(r"^## (.*)$", text, re.M)
    heading = r"Unreleased|\d+\.\d+\.\d+ - (\d{4}-\d{2}-\d{2}|Unreleased)"
    assert versions
    assert [item for item in versions if not re.fullmatch(heading, item)] == []
    assert set(re.findall(r"^### (.*)$", text, re.M)) <= {*KINDS, ALTERED}
    for section in re.split(r"^## .*\n", text, flags=re.M)[1:]:
        kinds = re.findall(r"^### (.*)$", section, re.M)
        assert kinds
        assert len(kinds) == len(set(kinds))


def test_changelog_has_a_section_for_the_version() -> None:
    version = project()["project"]["version"]
    assert re.search(rf"^## {re.escape(version)} - ", read("CHANGELOG.md"), re.M)


CHANGES = """# Changelog

## 0.3.0 - Unreleased

### Added

- Third.

## 0.2.0 - 2026-05-01

### Added

- Second.

### Changes that alter results

- Costs.

## 0.1.0 - 2026-01-01

"""


def test_release_text_is_the_section_of_the_tag() -> None:
    notes = release_script().release_notes("v0.2.0", CHANGES, "0.2.0")
    assert notes == "### Added\n\n- Second.\n\n### Changes that alter results\n\n- Costs.\n"


@pytest.mark.parametrize(
    ("tag", "version", "reason"),
    [
        ("v0.2.1", "0.2.0", "tag v0.2.1: expected v0.2.0"),
        ("v0.4.0", "0.4.0", "no section for 0.4.0"),
        ("v0.3.0", "0.3.0", "expected a date, found Unreleased"),
        ("v0.1.0", "0.1.0", "the section is empty"),
    ],
)
def test_release_is_refused(tag: str, version: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        release_script().release_notes(tag, CHANGES, version)


# Contributing


def code_of_guide() -> list[str]:
    """Code in the guide for contributors: the parts in backticks, and the lines of blocks."""
    text = read("CONTRIBUTING.md")
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", text, re.M | re.S)
    lines = [line.partition(" #")[0].strip() for block in blocks for line in block.splitlines()]
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^ *```sh\n.*?^ *```", "", text, flags=re.M | re.S))
    return [part for part in (*lines, *spans) if part]


def commands_of_guide(program: str) -> list[list[str]]:
    """Words behind each use of a program in the guide for contributors."""
    uses = [part.split() for part in code_of_guide()]
    prefix = program.split()
    return [use[len(prefix) :] for use in uses if use[: len(prefix)] == prefix]


def test_guide_names_files_that_exist() -> None:
    folders = tuple(f"{path.name}/" for path in ROOT.iterdir() if path.is_dir())
    words = {word for part in code_of_guide() for word in part.split()}
    named = r"\w+\.(md|py|toml|cff|csv|json|yml)"
    files = {word for word in words if word.startswith(folders) or re.fullmatch(named, word)}
    files |= set(re.findall(r"\]\(([^#)]+)\)", read("CONTRIBUTING.md")))
    made_by_setup = {".venv/bin/", ".venv/bin/activate"}
    assert len(files) > 40
    assert sorted(name for name in files - made_by_setup if not (ROOT / name).exists()) == []


def test_guide_names_targets_modules_and_commands_that_exist() -> None:
    targets = {words[0] for words in commands_of_guide("make")}
    assert {"install", "test", "lint", "types", "pages"} <= targets
    assert targets <= set(re.findall(r"^([a-z]+):", read("Makefile"), re.M))
    modules = {words[0] for words in commands_of_guide("python -m")}
    assert {"pytest", "paxsilica.model.formulation"} <= modules
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []
    called = [" ".join(words) for words in commands_of_guide("paxsilica")]
    known = [f"{name} " for name, one in COMMANDS.items() if not hasattr(one, "commands")]
    assert "check" in called
    assert [text for text in called if not f"{text} ".startswith(tuple(known))] == []


def test_guide_names_tests_that_exist() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    defined = set(re.findall(r"^def (test_\w+)", "\n".join(sources), re.M))
    named = {part for part in code_of_guide() if re.fullmatch(r"test_\w+", part)}
    assert len(named) > 8
    assert sorted(named - defined) == []


def test_headings_that_the_guide_links_to_exist() -> None:
    text = read("CONTRIBUTING.md")
    headings = {title.lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.M)}
    linked = set(re.findall(r"\]\(#([^)]+)\)", text))
    assert linked
    assert linked <= headings


# Makefile


def make(*words: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run make in the folder of the project, with another search path if one is given."""
    assert MAKE is not None
    outer = {"PYTHON", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    environment = {key: value for key, value in os.environ.items() if key not in outer}
    environment |= {} if path is None else {"PATH": path}
    command = [MAKE, "--no-print-directory", *words]
    options: dict[str, Any] = {"capture_output": True, "text": True, "check": False}
    return subprocess.run(command, cwd=ROOT, env=environment, **options)


@needs_make
def test_help_lists_every_target() -> None:
    declared = re.search(r"^\.PHONY: (.*)$", read("Makefile"), re.M)
    assert declared is not None
    listed = [line.split(maxsplit=1) for line in make("help").stdout.splitlines()]
    assert [name for name, _ in listed] == declared[1].split()


NONE = ""  # a launcher that has no Python to start


def put_pythons(folder: Path, versions: dict[str, str]) -> None:
    """Write commands that run Python code as if they were Python of the given version."""
    for name, version in versions.items():
        number = tuple(map(int, version.split("."))) if version else ()
        code = f"import sys; sys.version_info = {number}; exec(sys.argv[2])"
        command = f"exec '{sys.executable}' -c '{code}' \"$@\"" if version else "exit 127"
        program = folder / name
        program.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
        program.chmod(0o755)


@needs_make
@pytest.mark.parametrize(
    ("versions", "chosen"),
    [
        ({"python3.13": "3.13", "python3.12": "3.12", "python3": "3.11"}, "python3.13"),
        ({"python3.12": "3.12", "python3.11": "3.11", "python3": "3.14"}, "python3.12"),
        ({"python3.13": NONE, "python3.12": NONE, "python3.11": "3.11"}, "python3.11"),
        ({"python3.11": "3.11", "python3": "3.9"}, "python3.11"),
        ({"python3": "3.14"}, "python3"),
    ],
)
def test_make_finds_a_new_enough_python(
    versions: dict[str, str],
    chosen: str,
    tmp_path: Path,
) -> None:
    put_pythons(tmp_path, versions)
    done = make("--dry-run", "lock", path=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == f"{chosen} -m venv .venv-lock"


@needs_make
@pytest.mark.parametrize("versions", [{}, {"python3": NONE}, {"python3": "3.10"}], ids=str)
def test_make_stops_without_a_new_enough_python(versions: dict[str, str], tmp_path: Path) -> None:
    put_pythons(tmp_path, versions)
    done = make("--dry-run", "lock", path=str(tmp_path))
    assert done.returncode == 2
    assert "Python 3.11 or newer is required" in done.stderr
