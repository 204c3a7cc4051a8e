"""`make reseed` finds what holds for one draw only."""

import nbformat
import numpy as np
import pytest
import reseed


def written(folder, *sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    path = folder / "small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return str(path)


@pytest.mark.parametrize("how", ["numpy", "package", "torch"])
def test_an_assert_of_one_draw_is_found(tmp_path, capsys, how):
    draw = {
        "numpy": "value = np.random.default_rng(0).random()",
        "package": "from mdn_utils import torch as mdn\n"
        "one = np.zeros(1)\n"
        "value = mdn.sample(one, one[:, None], one[:, None], seed=0).item()",
        "torch": "import torch\ntorch.manual_seed(0)\nvalue = torch.rand(()).item()",
    }[how]
    namespace = {"np": np}
    exec(draw, namespace)
    check = f"assert abs(value - {namespace['value']!r}) < 1e-12"
    path = written(tmp_path, "import numpy as np", draw, check, "assert value < 5")
    assert reseed.main([path, "0"]) is None
    assert reseed.main([path, "7"]) == "1 cells do not hold"
    assert check in capsys.readouterr().out


def test_what_holds_on_other_draws_passes(tmp_path):
    draw = "import numpy as np\nx = np.random.default_rng(0).random()"
    assert reseed.main([written(tmp_path, draw, "assert 0 <= x < 1"), "7", "8"]) is None
