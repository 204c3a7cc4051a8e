"""Execute notebooks with every seed shifted, and list the cells that then fail.

python tools/reseed.py [SHIFT | NOTEBOOK ...]    1000 to 5000 and all, if none is named

A claim should hold on other draws than those that are stored. Shifted are the seeds given
to NumPy's `default_rng`, to PyTorch's `manual_seed`, to Keras' `set_random_seed` and to the
functions of `mdn_utils`; not those of SciPy, nor the rows of stored studies. After a cell
that fails the notebook goes on.
"""

import asyncio
import os
import sys
from pathlib import Path
from subprocess import DEVNULL

import chapters
import nbformat
from nbclient import NotebookClient

SHIFTS = (1000, 2000, 3000, 4000, 5000)
PATCH = """
def shifted(function, shift={shift}):
    def with_shift(seed=None, *rest, **options):
        if isinstance(seed, list | tuple):
            seed = [*seed, shift]
        elif hasattr(seed, "__index__"):
            seed = int(seed) + shift
        return function(seed, *rest, **options)
    return with_shift

import numpy
from mdn_utils import _check
numpy.random.default_rng = shifted(numpy.random.default_rng)
_check.seed = shifted(_check.seed)
try:
    import torch
    torch.manual_seed = shifted(torch.manual_seed)
except ImportError:
    pass
try:
    import keras
    keras.utils.set_random_seed = shifted(keras.utils.set_random_seed)
except ImportError:
    pass
"""


async def failures(path, shift):
    """The cells of a notebook that fail with seeds shifted, and what they say."""
    notebook = chapters.read(path)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(PATCH.format(shift=shift)))
    client = NotebookClient(
        notebook,
        timeout=1200,
        allow_errors=True,
        resources={"metadata": {"path": str(path.parent)}},
    )
    await client.async_execute(stderr=DEVNULL, cleanup_kc=True)
    cells = chapters.code_cells(notebook)
    return [
        f"{path.name}, seeds + {shift}, cell {cell.id}: {output.ename}: {output.evalue}\n"
        f"{cell.source}"
        for cell in cells
        for output in cell.outputs
        if output.output_type == "error"
        and "raises-exception" not in cell.metadata.get("tags", [])
    ]


async def run_all(paths, shifts):
    free, found = asyncio.Semaphore(os.cpu_count()), []

    async def run(path, shift):
        async with free:
            these = await failures(path, shift)
        print(f"{path.stem}, seeds + {shift}: {len(these)} cells fail", flush=True)
        found.extend(these)

    await asyncio.gather(*(run(path, shift) for shift in shifts for path in paths))
    return found


def main(arguments):
    shifts = [int(a) for a in arguments if a.isdigit()] or SHIFTS
    paths = [Path(a) for a in arguments if not a.isdigit()] or chapters.NOTEBOOKS
    found = asyncio.run(run_all(paths, shifts))
    print("", *found, sep="\n\n")
    return f"{len(found)} cells do not hold" if found else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
