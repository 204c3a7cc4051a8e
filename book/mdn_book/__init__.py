"""What only the book needs; what a reader takes along is in :mod:`mdn_utils`.

- :mod:`mdn_book.problems`: problems with their exact answers,
- :mod:`mdn_book.weights`: weights of plain networks, the same for both frameworks,
- :mod:`mdn_book.plots`: the style of the figures, and those that chapters share,
- :mod:`mdn_book.interactive`: the figures with sliders,
- :mod:`mdn_book.tables`: results as tables of the page.
"""

import os

# TensorFlow is not to take all memory of a GPU at once: PyTorch may need some.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
