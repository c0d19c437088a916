"""Draws the pictures of the documentation from real plans: ``make pictures``. Needs matplotlib,
Chromium and LibreOffice; takes some minutes.

It also writes ``made.json`` with the origin of each picture, and the excerpt in ``README.md``.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from rich.console import Console
from rich.text import Text

import paxsilica
from paxsilica.report.wording import share

HERE = Path(__file__).resolve().parent
PICTURES = HERE / "pictures"
README = HERE.parent / "README.md"
CASE, GAP, BUDGETS = "base", 0.001, (26_000, 28_000, 32_000, 40_000)
BROWSER, OFFICE = ("chromium", "chromium-browser", "google-chrome"), ("libreoffice", "soffice")
SECONDS = 90
WIDTH = 118
MOST_BYTES = 300_000


def solve(folder: Path) -> str:
    """The output of `paxsilica solve` on a terminal; the plan is written to ``folder``."""
    terminal = {
        "FORCE_COLOR": "1",
        "TERM": "xterm-256color",
        "COLUMNS": str(WIDTH),
        "PYTHONIOENCODING": "utf-8",
    }
    environment = {
        name: value for name, value in os.environ.items() if name != "NO_COLOR"
    } | terminal
    command = [
        sys.executable,
        "-m",
        "paxsilica",
        "solve",
        CASE,
        "--gap",
        str(GAP),
        "--out",
        str(folder),
    ]
    done = subprocess.run(
        command, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        sys.exit(done.stderr + done.stdout)
    return done.stdout


def answer(printed: str) -> None:
    """The output down to the projects, as a picture of a terminal."""
    lines = printed.splitlines()
    end = next(
        at for at, line in enumerate(lines) if Text.from_ansi(line).plain.startswith("Funders pay")
    )
    screen = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, legacy_windows=False
    )
    screen.print(Text.from_ansi("\n".join(lines[:end]).rstrip()))
    svg = screen.export_svg(title=f"paxsilica solve {CASE} --gap {GAP:g}", unique_id="answer")
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # the picture loads no fonts
    svg = re.sub(r"\s*<!--.*?-->", "", svg, flags=re.DOTALL).replace(
        "Fira Code", "DejaVu Sans Mono"
    )
    save("answer.svg", svg.encode())


def coverage(plan: paxsilica.Plan) -> None:
    """Coverage of each stage in the last year, without and with the plan, and the requirement."""
    table = plan.coverage
    year = int(table["year"].max())
    rows = table[table["year"] == year].iloc[::-1].reset_index(drop=True)
    figure, ax = plt.subplots(figsize=(8, 5), layout="constrained")
    for at, row in rows.iterrows():
        ax.plot(
            [100 * row["standalone_coverage_without"], 100 * row["standalone_coverage"]],
            [at, at],
            color="#9db8d2",
            linewidth=5,
            solid_capstyle="round",
        )
    style = {"zorder": 3, "linestyle": "none"}
    ax.plot(
        100 * rows["nameplate_share"],
        rows.index,
        "o",
        color="#666666",
        fillstyle="none",
        markersize=8,
        label="nameplate share, with the plan",
        **style,
    )
    ax.plot(
        100 * rows["standalone_coverage_without"],
        rows.index,
        "o",
        color="#9a9a9a",
        label="standalone coverage, without the plan",
        **style,
    )
    ax.plot(
        100 * rows["standalone_coverage"],
        rows.index,
        "o",
        color="#12508b",
        label="standalone coverage, with the plan",
        **style,
    )
    ax.plot(
        100 * rows["required_share"],
        rows.index,
        "|",
        color="#c0392b",
        markersize=16,
        markeredgewidth=2,
        label="required",
        **style | {"zorder": 2},
    )
    ax.set_yticks(rows.index, rows["name"])
    ax.set_xlim(-2, 102)
    ax.set_xlabel(f"per cent of need in {year},\nwith all supply from adversaries cut off")
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color="#e5e5e5")
    figure.legend(loc="outside upper center", ncols=4, frameon=False, fontsize=9)
    draw("coverage.svg", figure)


def page(folder: Path) -> None:
    """The page of a plan in a browser, its first screen."""
    run(sys.executable, "-m", "paxsilica", "report", str(folder))
    target = folder / "page.png"
    run(
        *(found(*BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
        *(
            f"--user-data-dir={folder / 'profile'}",
            "--window-size=1200,1000",
            "--virtual-time-budget=3000",
            f"--screenshot={target}",
        ),
        (folder / "report.html").as_uri(),
    )
    save("page.png", target.read_bytes())


def workbook(folder: Path) -> None:
    """The cover sheet of `plan.xlsx`."""
    profile = f"-env:UserInstallation={(folder / 'office').as_uri()}"
    first = 'pdf:calc_pdf_Export:{"PageRange":{"type":"string","value":"1"}}'
    run(
        found(*OFFICE),
        profile,
        "--headless",
        "--convert-to",
        first,
        "--outdir",
        str(folder),
        str(folder / "plan.xlsx"),
    )
    run(
        found("pdftoppm"),
        "-png",
        "-r",
        "90",
        "-f",
        "1",
        "-H",
        "830",
        "-singlefile",
        str(folder / "plan.pdf"),
        str(folder / "cover"),
    )
    save("workbook.png", (folder / "cover.png").read_bytes())


def draw(name: str, figure: plt.Figure) -> None:
    """A figure as SVG, the same bytes for the same content."""
    file = io.BytesIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    save(name, file.getvalue())


def save(name: str, content: bytes) -> None:
    """Writes a picture."""
    assert len(content) < MOST_BYTES, f"{name} has {len(content):,} bytes"
    (PICTURES / name).write_bytes(content)
    print(f"{name}: {len(content):,} bytes", flush=True)


def excerpt(made: str) -> None:
    """Replaces the part of README.md that shows the output."""
    begin, end = "<!-- generated by `make pictures` -->", "<!-- end -->"
    text = README.read_text(encoding="utf-8")
    printed = f"![What the program prints](docs/pictures/answer.svg)\n\n*{made}*"
    drawn = f"![The page that paxsilica report writes](docs/pictures/page.png)\n\n*{made}*"
    shown = f"{begin}\n\n{printed}\n\n{drawn}\n\n{end}"
    README.write_text(
        re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: shown, text, flags=re.DOTALL),
        encoding="utf-8",
    )


def found(*names: str) -> str:
    """The path of the first of some programs that is installed."""
    path = next((path for name in names if (path := shutil.which(name))), None)
    if path is None:
        sys.exit(f"needs {names[0]} on the path")
    return path


def run(*command: str) -> None:
    """Runs a program; fails if it fails."""
    subprocess.run(command, check=True, capture_output=True, timeout=180)


def main() -> None:
    """Draws all pictures."""
    PICTURES.mkdir(exist_ok=True)
    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "paxsilica", "font.size": 10})
    for programs in (BROWSER, OFFICE, ("pdftoppm",)):
        found(*programs)
    question = paxsilica.load(CASE).with_(gap=GAP)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "plan"
        answer(solve(folder))
        plan = paxsilica.Plan.load(folder)
        coverage(plan)
        page(folder)
        workbook(folder)
    origin = f"data {plan.manifest['data_digest'][:8]}, version {paxsilica.__version__}"
    made = (
        f"Case {CASE}, solved to a gap of {share(plan.gap or 0.0)} of the objective ({share(GAP)}"
        f" requested); {origin}."
    )
    money = paxsilica.frontier(
        question.with_(time_limit=SECONDS), along={"budget": BUDGETS}, progress=False
    )
    draw("frontier.svg", money.figure())
    proved = share(money.table()["gap_share"].max())
    kept = dict.fromkeys(("answer.svg", "coverage.svg", "page.png", "workbook.png"), made)
    kept["frontier.svg"] = (
        f"Case {CASE} at {len(BUDGETS)} budgets, each solved to a gap of {proved} of the objective"
        f" or less; {origin}."
    )
    excerpt(made)
    (PICTURES / "made.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
