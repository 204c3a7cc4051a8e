"""Execute notebooks with every seed shifted, and print the cells that then fail.

python tools/reseed.py [SHIFT ...] [NOTEBOOK ...]    1000 to 5000 and all, if none is named

A claim should hold on other draws than those that are stored. Shifted is each seed that a
notebook gives: to `np.random.default_rng`, to the functions of `mdn_utils`, to
`mdn_book.weights.draw`, to SciPy as `random_state`, to PyTorch, Keras and TensorFlow. Not
shifted is what `mdn_book` draws by itself, since stored studies were measured on it: the
problems and rows of its suite, the splits of its tables.
"""

import asyncio
import numbers
import os
import re
import sys
from pathlib import Path

import chapters
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell

SHIFTS = (1000, 2000, 3000, 4000, 5000)
FIRST = """\
import sys
sys.path.insert(0, {folder!r})
import reseed
del sys.path[0]
reseed.shift_seeds({shift})
"""


def shift_seeds(by):
    """In a kernel: replace what takes a seed by what adds to it first."""
    import keras
    import numpy as np
    import tensorflow as tf
    import torch

    from mdn_utils import _check

    def plus(seed):
        if isinstance(seed, list | tuple):
            return [plus(part) for part in seed]
        return int(seed) + by if isinstance(seed, numbers.Integral) else seed

    def shifted(function):
        return lambda seed: function(plus(seed))

    unshifted = np.random.default_rng

    def default_rng(seed=None):
        caller = sys._getframe(1).f_globals["__name__"]
        return unshifted(plus(seed) if caller in ("__main__", "mdn_book.weights") else seed)

    class RandomState(np.random.RandomState):
        def __init__(self, seed=None):
            super().__init__(plus(seed))

    class Generator(torch.Generator):
        def manual_seed(self, seed):
            return super().manual_seed(plus(seed))

    np.random.default_rng, _check.seed = default_rng, shifted(_check.seed)
    np.random.RandomState, torch.Generator = RandomState, Generator  # SciPy asks for one
    torch.manual_seed = shifted(torch.manual_seed)
    tf.random.set_seed(by)  # it goes into every draw that has a seed of its own
    tf.random.set_seed = shifted(tf.random.set_seed)
    for utils in (keras.utils, tf.keras.utils):
        utils.set_random_seed = shifted(utils.set_random_seed)


def printed(cells):
    """What the cells wrote, as text."""
    return "".join(o.text for cell in cells for o in cell.outputs if "text" in o)


async def failures(path, shift):
    """For each cell that fails with seeds shifted, what it asserts and what was printed."""
    notebook = chapters.read(path)
    first = FIRST.format(folder=str(Path(__file__).parent), shift=shift)
    notebook.cells.insert(0, new_code_cell(first))
    try:
        await chapters.execute(notebook, path.parent, allow_errors=True)
    except (CellTimeoutError, DeadKernelError) as error:
        return [f"{path.stem}, seeds + {shift}: {error}"]
    cells, found = chapters.code_cells(notebook), []
    for i, cell in enumerate(cells):
        expected = "raises-exception" in cell.metadata.get("tags", [])
        for error in (o for o in cell.outputs if o.output_type == "error" and not expected):
            where = f"{path.stem}, seeds + {shift}, cell {cell.id}"
            traceback = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(error.traceback))
            # A cell that checks often follows those that print, two for two frameworks.
            found.append(f"{where}\n{printed(cells[max(0, i - 2) : i + 1])}{traceback}")
    return found


async def run_all(paths, shifts):
    """All failures, printed as they come; as many notebooks at once as there are cores."""
    free, found = asyncio.Semaphore(os.cpu_count()), []

    async def run(path, shift):
        async with free:
            these = await failures(path, shift)
        count = f"fails in {len(these)}" if these else "holds"
        print(f"{path.stem}, seeds + {shift}: {count}", *these, sep="\n\n", flush=True)
        found.extend(these)

    await asyncio.gather(*(run(path, shift) for shift in shifts for path in paths))
    return found


def main(arguments):
    shifts = [int(word) for word in arguments if word.isdigit()] or SHIFTS
    paths = [Path(word) for word in arguments if not word.isdigit()] or chapters.NOTEBOOKS
    found = asyncio.run(run_all(paths, shifts))
    return f"\n{len(found)} cells hold for the stored draws alone." if found else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
