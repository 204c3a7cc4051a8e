"""What the packages offer: alike in the modules, importable alone, used by a chapter."""

import ast
import inspect
import json
import re
from pathlib import Path

import pytest

import mdn_utils
from mdn_utils import numpy as mdn

ROOT = Path(__file__).parents[2]
NUMPY_ALONE = {"cdf", "crps", "highest_density_region", "quantile"}
NETWORKS = {"MDNHead", "MixtureDensityNetwork", "fit", "initialize"}
SHARED = sorted(set(mdn.__all__) - NUMPY_ALONE)


# The same names in every module


def test_the_modules_offer_the_same_names(framework):
    assert set(framework.mdn.__all__) == {*SHARED, *NETWORKS}


@pytest.mark.parametrize("function", SHARED)
def test_signatures_are_equal(framework, function):
    expected = inspect.signature(getattr(mdn, function))
    assert inspect.signature(getattr(framework.mdn, function)) == expected
    text = getattr(framework.mdn, function).__doc__
    assert text.startswith("``")  # the equation comes first
    assert ">>>" in text


def test_the_functions_of_numpy_alone_take_their_parameters_in_the_same_order():
    expected = list(inspect.signature(mdn.log_prob).parameters)[1:]
    for function in NUMPY_ALONE:
        assert list(inspect.signature(getattr(mdn, function)).parameters)[1:] == expected


# Where a framework is not installed

HIDE = """
import importlib.machinery, sys
find = importlib.machinery.PathFinder.find_spec
def find_spec(name, *args, **options):
    if name.partition(".")[0] in {absent!r}:
        raise ModuleNotFoundError("No module named " + repr(name), name=name)
    return find(name, *args, **options)
importlib.machinery.PathFinder.find_spec = find_spec
"""


@pytest.mark.parametrize(
    ("absent", "code"),
    [
        (["torch", "tensorflow", "keras"], "import mdn_utils.numpy, mdn_utils.judge"),
        (["torch"], "from mdn_utils import tensorflow as mdn"),
        (["tensorflow", "keras"], "from mdn_utils import torch as mdn"),
    ],
    ids=["NumPy alone", "TensorFlow alone", "PyTorch alone"],
)
def test_a_module_works_where_the_other_framework_is_absent(elsewhere, absent, code):
    code = HIDE.format(absent=absent) + code + "\n"
    if "mdn\n" in code:
        code += "mdn.MixtureDensityNetwork(inputs=1, D=1, K=2, hidden=3)\n"
    code += f"assert not set({absent!r}) & set(sys.modules)"
    elsewhere(code)


def test_importing_the_package_imports_neither_framework(elsewhere):
    """Though both are there."""
    code = "import mdn_utils.judge, mdn_utils.numpy as mdn, sys\n"
    code += "mdn.sample([0.0], [[1.0]], [[0.0]], n=3, seed=1)\n"
    elsewhere(code + "assert not {'torch', 'tensorflow', 'keras'} & set(sys.modules)")


def test_numpy_2_is_required_where_it_is_needed():
    sources = [*ROOT.glob("mdn_utils/*.py"), *ROOT.glob("book/mdn_book/*.py")]
    needs = any("np.trapezoid" in path.read_text("utf8") for path in sources)
    asked = re.search(r'"numpy(.*?)"', (ROOT / "pyproject.toml").read_text("utf8"))[1]
    assert asked.startswith(">=2") or not needs


# Every name is used by a chapter, or by what draws for one


def public(path):
    """The names in `__all__` of a module."""
    for node in ast.parse(path.read_text("utf8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def used(source):
    """Full names of what some code takes from packages, whatever it calls these."""
    tree, known = ast.parse(source), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):  # relative ones are in mdn_book
            module = ".".join(filter(None, [node.level and "mdn_book", node.module]))
            known |= {a.asname or a.name: f"{module}.{a.name}" for a in node.names}
        elif isinstance(node, ast.Import):
            known |= {a.asname or a.name: a.name for a in node.names}
    return set(known.values()) | {
        f"{known.get(node.value.id)}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def cells(path):
    """The code of a notebook; a line for IPython alone says nothing about names."""
    for cell in json.loads(path.read_text("utf8"))["cells"]:
        if cell["cell_type"] == "code":
            lines = "".join(cell["source"]).splitlines()
            yield "\n".join(re.sub(r"^(\s*)[%!].*", r"\1pass", line) for line in lines)


def unused(offered, sources):
    """Full names that no source uses; a name of a framework module is that of its twins."""

    def twin(name):
        return re.sub(r"^mdn_utils\.(numpy|torch|tensorflow)\.", "mdn_utils.", name)

    seen = {twin(name) for source in sources for name in used(source)}
    return sorted({twin(name) for name in offered} - seen)


def test_every_public_name_is_used():
    modules = {
        f"{folder.name}.{path.stem}": path
        for folder in (ROOT / "mdn_utils", ROOT / "book" / "mdn_book")
        for path in folder.glob("[!_]*.py")
    }
    offered = {
        f"{module}.{name}" for module, path in modules.items() for name in public(path)
    }
    offered |= {f"mdn_utils.{name}" for name in mdn_utils.__all__}
    assert len(offered) > 40
    chapters = sorted(ROOT.glob("book/*.ipynb"))
    code = ["\n".join(cells(path)) for path in chapters]
    book = {m: path.read_text("utf8") for m, path in modules.items() if "mdn_book" in m}
    assert unused(offered, [*code, *book.values()]) == []


def test_an_unused_name_would_be_found():
    source = "from mdn_book import plots as p\nfrom mdn_utils import torch as m\np.a.b(m.c)"
    offered = {
        "mdn_book.plots.a",
        "mdn_book.plots.z",
        "mdn_utils.numpy.c",
        "mdn_utils.numpy.d",
    }
    assert unused(offered, [source]) == ["mdn_book.plots.z", "mdn_utils.d"]
