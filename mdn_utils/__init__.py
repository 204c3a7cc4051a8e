"""What the chapters of *Mixture Density Networks* share.

Importing this package imports nothing else. Take the module you need:

- :mod:`mdn_utils.numpy`: densities, moments, modes, quantiles and samples of Gaussian
  mixtures, the float64 reference,
- :mod:`mdn_utils.tensorflow` and :mod:`mdn_utils.torch`: the same names with gradients,
  except ``cdf``, ``quantile`` and ``crps``, and ready networks,
- :mod:`mdn_utils.problems`: toy problems with their exact answers,
- :mod:`mdn_utils.diagnostics`: calibration, and the comparison of two models,
- :mod:`mdn_utils.plots`: the style and the shared figures of the book,
- :mod:`mdn_utils.interactive`: the figures with sliders.
"""

__version__ = "0.1.0"
