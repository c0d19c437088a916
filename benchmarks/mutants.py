"""Measures how many mutants of the program the tests detect.

The mutants are those of Cosmic Ray (https://cosmic-ray.readthedocs.io), which is not part of the
locked environment. ``draw`` takes a random sample of them; ``run`` tests each with the test files
of its package and stops at the first failure. A mutant that no test detects must be explained in
``mutants.toml``, otherwise the run ends with exit code 1::

    pipx run --spec cosmic-ray==8.7.0 python benchmarks/mutants.py draw build/mutants.json
    python benchmarks/mutants.py run build/mutants.json

Each mutant runs in a process of its own, which loads the changed source in place of the file. No
file is written.
"""

from __future__ import annotations

import argparse
import difflib
import importlib.abc
import importlib.util
import io
import json
import os
import random
import signal
import sys
import time
import tomllib
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "paxsilica"
EXPLAINED = Path(__file__).with_name("mutants.toml")

SAMPLE = {"model": 14, "instance": 14, "plan": 14, "finance": 6, "prices": 14}
"""Mutants drawn of each package or module."""

LIMIT = 600.0
"""Seconds after which a mutant counts as detected, because it does not end."""

EQUIVALENT = ("BitOr", "RemoveDecorator", "ExceptionReplacer")
"""Operators left out: ``|`` occurs in annotations, which are not evaluated; without its decorator a
class or a row fails at once; an exception that is not caught is no error of a number."""


@dataclass(frozen=True)
class Mutant:
    """A change of one place in one file.

    Attributes:
        package: as in :data:`SAMPLE`.
        file: relative to the package ``paxsilica``.
        operator, occurrence: of Cosmic Ray.
        line: number of the first changed line.
        before, after: the changed lines.
        source: the whole changed file.
    """

    package: str
    file: str
    operator: str
    occurrence: int
    line: int
    before: str
    after: str
    source: str

    @property
    def module(self) -> str:
        """Name of the changed module."""
        parts = Path(self.file).with_suffix("").parts
        return ".".join(("paxsilica", *parts)).removesuffix(".__init__")


def mutants_of(package: str) -> Iterator[tuple[Path, str, int]]:
    """File, operator and occurrence of every mutant of a package."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    place = SOURCE / package
    for path in sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]:
        nodes = list(ast_nodes(get_ast(path.read_text(encoding="utf-8"))))
        for name in sorted(operator_names()):
            operator = get_operator(name)
            if operator.arguments() or any(word in name for word in EQUIVALENT):
                continue
            count = sum(len(list(operator().mutation_positions(node))) for node in nodes)
            for occurrence in range(count):
                yield path, name, occurrence


def draw(seed: int, sample: dict[str, int]) -> list[Mutant]:
    """A random sample of each package. Operators that change more places, such as the thirty of
    arithmetic, are not drawn more often: a place is drawn first, then one of its mutants."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    found = []
    for package, size in sample.items():
        of_package = random.Random(f"{seed} {package}")
        every = list(mutants_of(package))
        of_package.shuffle(every)
        places: set[tuple[Path, int]] = set()
        for path, name, occurrence in every:
            if len(places) == size:
                break
            before = path.read_text(encoding="utf-8")
            after = mutate_code(before, get_operator(name)(), occurrence)
            if not _compiles(after):
                continue  # an operator of arithmetic put in the place of another sign
            lines = [text.splitlines() for text in (before, after)]
            changes = difflib.SequenceMatcher(None, *lines, autojunk=False).get_opcodes()
            (_, a, b, c, d), *_ = [change for change in changes if change[0] != "equal"]
            if (path, a) in places:
                continue
            places.add((path, a))
            texts = ("\n".join(lines[0][a:b]).strip(), "\n".join(lines[1][c:d]).strip())
            file = path.relative_to(SOURCE).as_posix()
            found.append(Mutant(package, file, name, occurrence, a + 1, *texts, after))
    return found


def _compiles(source: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, "mutant", "exec")
        except SyntaxError:
            return False
    return True


class Changed(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Loads the changed source of one module in place of its file."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant
        self.path = SOURCE / mutant.file

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname != self.mutant.module:
            return None
        package = self.path.name == "__init__.py"
        return importlib.util.spec_from_file_location(
            fullname,
            self.path,
            loader=self,
            submodule_search_locations=[str(self.path.parent)] if package else None,
        )

    def get_filename(self, fullname: str) -> str:
        return str(self.path)

    def get_data(self, path: str | os.PathLike[str]) -> bytes:
        if Path(path) != self.path:
            raise OSError(path)  # the compiled file
        return self.mutant.source.encode()


def detected(mutant: Mutant | None, tests: Sequence[str]) -> tuple[bool, float]:
    """Whether a test fails with the mutant (``None``: without one), and the CPU seconds that the
    tests took."""
    before = os.times()
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        code = 1
        try:
            if mutant is not None:
                sys.meta_path.insert(0, Changed(mutant))
            import pytest

            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                options = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
                code = int(pytest.main([*options, *tests]))
        finally:
            os._exit(code)
    ends = time.monotonic() + LIMIT
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() > ends:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            status = 1
            break
        time.sleep(0.2)
    after = os.times()
    used = after.children_user + after.children_system
    return status != 0, used - before.children_user - before.children_system


def read_explained() -> tuple[dict[str, list[str]], list[dict[str, str]]]:
    """The test files of each package, and the survivors with their reasons."""
    content = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))
    return content["tests"], content.get("survivor", [])


def run(mutants: list[Mutant], only: str, minutes: float) -> int:
    """Tests mutants in random order until the CPU time is used up, and prints the counts; returns
    the exit code. The tests of a package must pass without a mutant."""
    tests, survivors = read_explained()
    reasons = {(one["file"], one["before"], one["after"]): one["reason"] for one in survivors}
    counts: dict[str, Counter[str]] = {}
    used, passing = 0.0, set[str]()
    os.chdir(ROOT)
    for library in ("numpy", "pandas", "scipy.sparse", "pyomo.environ", "highspy", "pytest"):
        importlib.import_module(library)  # once, in the parent of all
    chosen = [mutant for mutant in mutants if only in mutant.file]
    random.Random(len(chosen)).shuffle(chosen)
    for mutant in chosen:
        if used > 60 * minutes:
            break
        if mutant.package not in passing:
            failed, seconds = detected(None, tests[mutant.package])
            used += seconds
            verdict = "fail" if failed else "pass"
            print(f"tests of {mutant.package} without a mutant {verdict}, {seconds:.0f} s")
            if failed:
                return 2
            passing.add(mutant.package)
        found, seconds = detected(mutant, tests[mutant.package])
        used += seconds
        reason = reasons.get((mutant.file, mutant.before, mutant.after), "")
        verdict = "detected" if found else "explained" if reason else "SURVIVED"
        counts.setdefault(mutant.package, Counter())[verdict] += 1
        place = f"{mutant.file}:{mutant.line}"
        print(f"{verdict:9} {seconds:5.0f} s  {place}  {mutant.before}  ->  {mutant.after}")
        sys.stdout.flush()
    total: Counter[str] = Counter()
    for package, count in sorted(counts.items()):
        total += count
        print(f"{package}: {dict(count)}")
    print(
        f"detected {total['detected']} of {total.total()}, explained {total['explained']};"
        f" {used / 60:.0f} minutes of CPU time"
    )
    return 1 if total["SURVIVED"] else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("draw", "run"))
    parser.add_argument("file", type=Path, help="the sample of mutants, JSON")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--only", default="", help="run the files whose path contains this")
    parser.add_argument("--minutes", type=float, default=600.0, help="stop after this CPU time")
    given = parser.parse_args()
    if given.command == "draw":
        print(f"seed {given.seed}")
        found = draw(given.seed, SAMPLE)
        given.file.parent.mkdir(parents=True, exist_ok=True)
        given.file.write_text(json.dumps([asdict(one) for one in found], indent=1))
        return 0
    mutants = [Mutant(**one) for one in json.loads(given.file.read_text())]
    return run(mutants, given.only, given.minutes)


if __name__ == "__main__":
    sys.exit(main())
