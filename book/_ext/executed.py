"""Show a chapter as ``make book`` executed it, if its own outputs are old.

The text is that of the book; the outputs and their date come from the
executed copy, which ``tools/build.py`` keeps in ``_build/executed``.
"""

from pathlib import Path

import nbformat

EXECUTED = Path(__file__).resolve().parents[2] / "_build" / "executed"


def take_outputs(app, name, source):
    path = EXECUTED / f"{name}.ipynb"
    if path.exists():
        notebook = nbformat.reads(source[0], as_version=4)
        executed = nbformat.read(path, as_version=4)
        for cell, run in zip(notebook.cells, executed.cells, strict=True):
            if cell.cell_type == "code":
                cell.outputs = run.outputs
                cell.execution_count = run.execution_count
        source[0] = nbformat.writes(notebook)


def changed(app, env, added, changed, removed):
    """The pages whose executed copy came, went or was replaced."""
    times = {
        path.stem: path.stat().st_mtime for path in EXECUTED.glob("*.ipynb")
    }
    before = getattr(env, "executed_times", {})
    env.executed_times = times
    names = times.keys() | before.keys()
    return [n for n in names if times.get(n) != before.get(n)]


def setup(app):
    app.connect("source-read", take_outputs)
    app.connect("env-get-outdated", changed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
