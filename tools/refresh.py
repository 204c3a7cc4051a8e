"""Execute chapters from top to bottom and store them with their outputs.

python tools/refresh.py [NOTEBOOK ...]    all chapters if none is named
"""

import sys
from pathlib import Path

import chapters
import nbformat


def tidy(notebook):
    """Remove what differs between machines, or what a reader has no use for."""
    notebook.metadata = {
        **{key: notebook.metadata[key] for key in ("title", "outcome")},
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        if cell.cell_type == "code":
            # TensorFlow writes to stderr on import whatever one asks for.
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:] or chapters.NOTEBOOKS):
        notebook = chapters.execute(chapters.read(path), path.stem)
        tidy(notebook)
        nbformat.validate(notebook)
        nbformat.write(notebook, path)
