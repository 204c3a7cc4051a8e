"""The notebooks of the book: find them, execute them, tell whether their outputs hold."""

import ast
import asyncio
import functools
import hashlib
import io
import sys
import time
import tokenize
from datetime import datetime, timezone
from modulefinder import ModuleFinder
from pathlib import Path
from subprocess import DEVNULL

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))

# The modules that alone read a file, or the files of a folder
READERS = {"study.csv": "suite.py", "rivals.csv": "rivals.py", "robot.csv": "robot.py"}
READERS |= {"rates.csv": "interactive.py", "dream.csv": "dream.py"}
READERS |= {"many_rows.csv": "scaling.py", "dream_player.js": "dream_player.py"}
READERS["speed.csv"] = "speed.py"
READERS["data"] = "data.py"
# Tags of a cell that change what it gives
TAGS = {"raises-exception", "skip-execution"}
# What one imports, and what is pinned for it
PINNED_AS = {"tensorflow": ["tensorflow", "keras"], "vl_convert": ["vl-convert-python"]}


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


# --- Do the stored outputs hold? --------------------------------------------------------


@functools.cache
def bare(source):
    """The source without docstrings, comments, blank lines and the version of a release."""
    lines = source.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            first, last = node.lineno - 1, node.end_lineno
            if isinstance(node.value.value, str) and lines[first].lstrip()[0] in "\"'r":
                lines[first:last] = [""] * (last - first)
    kept = [line.rstrip() for line in lines if not line.startswith("__version__")]
    return "\n".join(filter(None, kept))


def rests_on(source):
    """The modules of the repository that code imports, and the names of all others."""
    finder = ModuleFinder(path=[str(ROOT), str(BOOK)])
    finder.load_module("__main__", io.StringIO(source), "a notebook", ("", "r", 1))
    own = [Path(m.__file__) for n, m in finder.modules.items() if n.startswith("mdn_")]
    return sorted(own), {name.split(".")[0] for name in finder.badmodules}


def pins(imported):
    """The lines of requirements.txt for what is imported, for every version of Python."""
    names = {pin for name in imported for pin in PINNED_AS.get(name, [name])}
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return sorted(
        line.split("#")[0].strip() for line in lines if line.split("==")[0] in names
    )


def read_by(path, modules):
    """Whether one of the modules may read a file of data."""
    reader = READERS.get(path.name, READERS.get(path.parent.name))
    return reader is None or reader in {module.name for module in modules}


def fingerprint(notebook):
    """What the outputs depend on, as 16 digits.

    That is the code of the notebook, the modules of both packages that it imports, their
    data, and the pins of what it imports. Its first code cell is left out: it does nothing
    here, and names the address of the repository.
    """
    cells = code_cells(notebook)[1:]
    sources = [bare(cell.source) for cell in cells]
    tags = [sorted(TAGS & set(cell.metadata.get("tags", []))) for cell in cells]
    modules, imported = rests_on("\n".join(sources))
    code = {".py", ".md", ".toml"}
    data = [
        path
        for path in [*BOOK.glob("mdn_book/*.*"), *BOOK.glob("mdn_book/data/*.*")]
        if path.is_file() and path.suffix not in code and read_by(path, modules)
    ]

    digest = hashlib.sha256(repr([sources, tags, pins(imported)]).encode())
    for path in modules:
        digest.update(bare(path.read_text(encoding="utf-8")).encode())
    for path in sorted(data):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def holds(notebook, executed=None):
    """Whether the outputs, its own or those of a copy, are what its code gives today."""
    stored = (executed or notebook).metadata.get("stored", {})
    return stored.get("fingerprint") == fingerprint(notebook)


# --- Execute ----------------------------------------------------------------------------


async def execute(notebook, folder=BOOK, kernel=None, allow_errors=False, **start):
    """Execute all cells in a fresh kernel: that of this environment, or the one given."""
    client = NotebookClient(
        notebook,
        km=kernel,
        timeout=600,
        allow_errors=allow_errors,
        coalesce_streams=True,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    # TensorFlow's greetings go nowhere; errors come through the kernel.
    await client.async_execute(stderr=DEVNULL, cleanup_kc=True, **start)


def execute_all(paths, keep):
    """Execute notebooks, two at a time, and hand each to `keep(path, notebook)`.

    The metadata then say what the outputs rest on, when and how quickly they were made.
    After a cell that raised nothing more is started.
    """
    two = asyncio.Semaphore(2)
    stopped = []

    async def run(path):
        async with two:
            if stopped:
                return
            notebook = read(path)
            today = fingerprint(notebook)
            print(f"{path.stem}: executing {len(code_cells(notebook))} cells", flush=True)
            start = time.perf_counter()
            try:
                await execute(notebook)
            except (CellExecutionError, DeadKernelError) as error:
                stopped.append(f"{path.name} stopped before its end.\n{error}")
                return
            seconds = round(time.perf_counter() - start)
            print(f"{path.stem}: executed in {seconds} s", flush=True)
            notebook.metadata["stored"] = {
                "fingerprint": today,
                "date": f"{datetime.now(timezone.utc):%Y-%m-%d}",
                "seconds": seconds,
            }
            keep(path, notebook)

    async def run_all():
        await asyncio.gather(*map(run, paths))

    asyncio.run(run_all())
    if stopped:
        sys.exit("\n" + "\n".join(stopped))
