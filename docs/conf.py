"""How the pages are built: ``make docs``. Nothing is fetched, neither here nor by the pages."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import ModuleType

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.writers.html5 import HTML5Translator

import paxsilica

PICTURES = Path(__file__).parent / "pictures"
NOTEBOOKS = Path(__file__).parents[1] / "notebooks"

project = "paxsilica"
author = "the authors of paxsilica"
copyright = author
version = release = paxsilica.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "substitution"]
myst_substitutions = {
    name.partition(".")[0]: words
    for name, words in json.loads((PICTURES / "made.json").read_text(encoding="utf-8")).items()
}
myst_heading_anchors = 4
smartquotes_action = "qe"  # no dashes: the names of options keep their hyphens
suppress_warnings = [
    "myst.header"
]  # what is included from models begins below the heading of its page

nb_execution_mode = "off"  # make docs runs the notebooks; they are stored without outputs
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_output_stderr = "remove"  # progress of studies
nb_ipywidgets_js = {}  # no script from a network; without it controls are not shown

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_use_ivar = True  # attributes that are members as well are described once
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
nitpick_ignore_regex = [
    ("py:.*", r"(pd|pandas|np|collections|pathlib|pyomo|pyo)\..*"),
    ("py:.*", "Path|Any|Mapping|Sequence|Iterable|Callable"),
]

html_theme = "furo"
html_title = f"paxsilica {version}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_sphinx = False
html_math_renderer = "mathml"
html_theme_options = {"navigation_with_keys": True}

man_pages = [
    ("reference/commands", "paxsilica", "plan which plants an alliance should pay for", [], 1)
]


def _inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _block(translator: HTML5Translator, node: nodes.math_block) -> None:
    translator.body.append(
        f'<div class="formula">{convert(node.astext().strip(), display="block")}</div>'
    )
    raise nodes.SkipNode


def _public(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: nodes.TextElement
) -> nodes.Node | None:
    """A reference to a name of an inner module: a link if the package exports it, else plain text,
    and a warning if there is no such name."""
    target = str(node.get("reftarget", ""))
    last = target.rpartition(".")[2]
    if node.get("refdomain") != "py":
        return None
    if last in paxsilica.__all__ and target != f"paxsilica.{last}":
        domain = env.get_domain("py")
        return domain.resolve_xref(
            env, node["refdoc"], app.builder, node["reftype"], f"paxsilica.{last}", node, shown
        )
    inner = [module for name, module in sys.modules.items() if name.startswith("paxsilica.")]
    return (
        shown if target in sys.modules or any(_holds(module, target) for module in inner) else None
    )


def _holds(module: ModuleType, target: str) -> bool:
    """Whether a module has what a reference names, in full or as the module itself would call
    it."""
    found: object = module
    for name in target.removeprefix(f"{module.__name__}.").split("."):
        found = getattr(found, name, None)
    return found is not None


def _copy_notebooks(folder: Path) -> None:
    """Copies the notebooks into the documentation, where Sphinx finds them; files that have not
    changed are left, so that a second build need not read them again."""
    folder.mkdir(exist_ok=True)
    wanted = {path.name: path for path in NOTEBOOKS.glob("*.ipynb")}
    for path in folder.glob("*.ipynb"):
        if path.name not in wanted:
            path.unlink()
    for name, path in wanted.items():
        target = folder / name
        if not target.exists() or target.read_bytes() != path.read_bytes():
            shutil.copyfile(path, target)


def setup(app: Sphinx) -> None:
    """Registers the above."""
    _copy_notebooks(Path(app.srcdir) / "notebooks")
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("missing-reference", _public)
