"""Execute chapters from top to bottom and store them with their outputs.

python tools/refresh.py [NOTEBOOK ...]    if none is named, those whose outputs do not hold
"""

import sys
from pathlib import Path

import chapters
import nbformat


def store(path, notebook):
    """Write the notebook without what differs between machines, or what no reader needs."""
    kept = {key: notebook.metadata[key] for key in ("title", "outcome", "stored")}
    notebook.metadata = {
        **kept,
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in chapters.code_cells(notebook):
        # TensorFlow writes to stderr on import whatever one asks for.
        cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    paths = [Path(name) for name in sys.argv[1:]]
    if not paths:
        paths = [p for p in chapters.NOTEBOOKS if not chapters.holds(chapters.read(p))]
        print(f"{len(paths)} of {len(chapters.NOTEBOOKS)} notebooks need new outputs.")
    chapters.execute_all(paths, store)
