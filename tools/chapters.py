"""Find the chapters and execute them, with their progress in sight."""

import sys
import time
from pathlib import Path
from subprocess import DEVNULL

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))


def read(path):
    return nbformat.read(path, as_version=4)


def execute(notebook, name, kernel="python3", folder=BOOK, **options):
    """Execute all cells of `notebook` in a fresh kernel, inside `folder`.

    The options are those with which the kernel starts, `env` for one. In a terminal a
    counter shows the cell that runs. Elsewhere, in a log, two lines say when the chapter
    starts and how long it took.
    """
    terminal = sys.stdout.isatty()
    start = time.perf_counter()
    if not terminal:
        print(f"{name}: executing {len(notebook.cells)} cells", flush=True)

    def show(cell, cell_index):
        if terminal:
            print(
                f"\r{name}: cell {cell_index + 1} of {len(notebook.cells)}",
                end="",
                flush=True,
            )

    NotebookClient(
        notebook,
        timeout=600,
        kernel_name=kernel,
        coalesce_streams=True,
        record_timing=False,  # or the cache would not know the chapter again
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=show,
    ).execute(
        stderr=DEVNULL, **options
    )  # TensorFlow's greetings; errors come through the kernel
    end = "\r" if terminal else ""
    print(f"{end}{name}: executed in {time.perf_counter() - start:.0f} s      ", flush=True)
    return notebook
