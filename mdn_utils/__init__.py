"""What the chapters of *Mixture Density Networks* share.

Importing this package imports nothing else. Take the module you need:

- :mod:`mdn_utils.numpy`: densities, moments, modes, quantiles and samples of Gaussian
  mixtures, the float64 reference,
- :mod:`mdn_utils.tensorflow` and :mod:`mdn_utils.torch`: the same names with gradients,
  except ``cdf``, ``quantile`` and ``crps``, and ready networks,
- :mod:`mdn_utils.judge`: calibration, and the comparison of two models.

What only the book needs is in :mod:`mdn_book`, beside the chapters.
"""

__version__ = "0.1.0"
