"""Mixture density networks, small enough to read in one sitting.

Importing this package imports neither framework. Take the module you need:

- :mod:`mdn_utils.numpy`: densities, moments, modes, quantiles and samples of Gaussian
  mixtures, the float64 reference,
- :mod:`mdn_utils.tensorflow` and :mod:`mdn_utils.torch`: the same names with gradients,
  except ``cdf``, ``quantile`` and ``crps``, and ready networks,
- :mod:`mdn_utils.judge`: calibration, and the comparison of two models.
"""

from ._check import check_values

__all__ = ["check_values"]
__version__ = "0.1.0"
