"""Mixture density networks, small enough to read in one sitting.

Importing this package imports neither framework. :mod:`mdn_utils.numpy` is the float64
reference; :mod:`mdn_utils.tensorflow` and :mod:`mdn_utils.torch` hold the same functions
with gradients, and ready networks; :mod:`mdn_utils.judge` says whether they are right.
"""

from ._check import check_values

__all__ = ["check_values"]
__version__ = "0.1.0"
