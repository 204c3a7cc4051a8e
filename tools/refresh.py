"""Execute chapters from top to bottom and store them with their outputs.

python tools/refresh.py [NOTEBOOK ...]    all chapters if none is named
"""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

BOOK = Path(__file__).resolve().parents[1] / "book"


def tidy(notebook):
    """Remove what differs between machines, or what a reader has no use for."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            # TensorFlow writes to stderr on import whatever one asks for.
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]


def refresh(path):
    notebook = nbformat.read(path, as_version=4)
    print(f"{path.name}: ", end="", flush=True)
    start = time.perf_counter()
    NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    tidy(notebook)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    for chapter in map(Path, sys.argv[1:] or sorted(BOOK.glob("*.ipynb"))):
        refresh(chapter)
