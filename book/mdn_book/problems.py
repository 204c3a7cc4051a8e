"""Toy problems with their exact answers.

Each problem draws data and also knows what a perfect model would say about them: density,
distribution function, quantiles, moments, modes, and the scores no model can beat.

====================  ================  =============================
problem               input, target     its conditional density
====================  ================  =============================
:class:`ToyForward`   x, t              uniform on one interval
:class:`ToyInverse`   t, x              uniform on one or two intervals
:class:`SineInverse`  x, y              smooth, three to five modes
:class:`TwoLanes`     x, position       two Gaussians with correlation
:class:`RobotArm`     position, angles  one or two points
====================  ================  =============================

In every method ``x`` is the network input and ``y`` the target, both of shape ``(..., 1)``.
Shape ``(..., 2)`` have ``y`` of the lanes, and ``position`` and ``theta`` of the arm. The
leading axes of ``x`` and ``y`` broadcast. All arithmetic is in float64, all entropies are
in nats.
"""

from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import ClassVar

import numpy as np
from scipy.integrate import quad
from scipy.optimize.elementwise import find_root
from scipy.stats import norm

__all__ = ["RobotArm", "SineInverse", "ToyForward", "ToyInverse", "TwoLanes"]


# What every problem asks of its arguments


def _array(name, value, size):
    """`value` as float64 of shape (..., size)."""
    value = np.asarray(value, dtype=float)
    if value.shape[-1:] != (size,):
        raise ValueError(f"{name} must have shape (..., {size}), got shape {value.shape}")
    return value


def _no_nan(name, value):
    if np.isnan(value).any():
        raise ValueError(
            f"{name} must not contain NaN, got {np.isnan(value).sum()} NaN "
            f"in an array of shape {value.shape}"
        )
    return value


def _probability(p):
    p = np.asarray(p, dtype=float)
    outside = ~((p >= 0) & (p <= 1))  # true for NaN, too
    if outside.any():
        raise ValueError(f"p must lie in [0, 1], got {p[outside][0]}")
    return p


def _check_broadcast(name, shape, x):
    """Stop unless `shape` broadcasts against the leading axes of x."""
    try:
        np.broadcast_shapes(shape, x.shape[:-1])
    except ValueError:
        raise ValueError(
            f"{name} and x must have leading axes that broadcast, "
            f"got {shape} and {x.shape[:-1]}"
        ) from None


def _check_draw(n, rng):
    if isinstance(n, bool) or not isinstance(n, Integral) or n < 1:
        raise ValueError(f"n must be a positive integer, got {n!r}")
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a numpy.random.Generator, got {type(rng).__name__}")


# What several problems compute


def _toy_curve(x):
    return x + 0.3 * np.sin(2 * np.pi * x)


def _roots(curve, knots, level):
    """Where `curve`, monotone between neighbors in `knots`, takes the value `level`.

    `level` has shape (..., 1), the answer (..., pieces). Where a piece does not reach the
    level, its answer is exactly the end that comes nearest.
    """
    ends = curve(knots[:-1]), curve(knots[1:])
    level = np.clip(level, np.minimum(*ends), np.maximum(*ends))  # (..., pieces)
    return find_root(lambda z, c: curve(z) - c, (knots[:-1], knots[1:]), args=(level,)).x


def _panels(edges, n=64):
    """Nodes and weights, both (panels * n,), of a quadrature rule between `edges`.

    Gauss-Legendre in u, with z = center + half sin(πu/2): a square root at the end of a
    panel, as the toy densities have where a branch ends, is smooth in u.
    """
    u, w = np.polynomial.legendre.leggauss(n)
    center, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    z = center[:, None] + half[:, None] * np.sin(np.pi / 2 * u)
    dz = half[:, None] * np.pi / 2 * np.cos(np.pi / 2 * u) * w
    return z.ravel(), dz.ravel()


def _average(values, weights):
    """Weighted average over the last axis, which stays with length 1."""
    return (weights * values).sum(-1, keepdims=True) / weights.sum(-1, keepdims=True)


def _pick(a, k):
    """a[..., k], where a (..., B) and k (..., 1) broadcast in their leading axes."""
    shape = np.broadcast_shapes(a.shape[:-1], k.shape[:-1])
    return np.take_along_axis(
        np.broadcast_to(a, (*shape, a.shape[-1])), np.broadcast_to(k, (*shape, 1)), axis=-1
    )


class _Problem:
    """A one-dimensional problem: input checks, and what follows from mean and variance."""

    support: ClassVar[tuple[float, float]]
    _ends_included: ClassVar[bool] = True

    def _input(self, x):
        x = _no_nan("x", _array("x", x, 1))
        low, high = self.support
        inside = (low <= x) & (x <= high) if self._ends_included else (low < x) & (x < high)
        if not inside.all():
            rule = f"in [{low}, {high}]" if self._ends_included else f"in ({low}, {high})"
            raise ValueError(f"x must lie {rule}, got {x[~inside][0]}")
        return x

    def _pair(self, y, x):
        y, x = _no_nan("y", _array("y", y, 1)), self._input(x)
        _check_broadcast("y", y.shape[:-1], x)
        return y, x

    def _p_and_x(self, p, x):
        p, x = _probability(p), self._input(x)
        _check_broadcast("p", p.shape, x)
        return p, x

    @cached_property
    def _inputs(self):
        """x (M, 1) and w (M,), so that w @ g(x) is the expectation of g over the inputs."""
        z, dz = _panels(self._input_edges)
        return z[:, None], dz * self._input_pdf(z[:, None])

    @cached_property
    def bayes_mse(self):
        """``E[Var(y|x)]``, the mean squared error of the exact conditional mean."""
        x, w = self._inputs
        return float(w @ self.variance(x)[:, 0])

    @cached_property
    def best_line_mse(self):
        """``Var(y) - Cov(x, y)² / Var(x)``, the mean squared error of the best line."""
        x, w = self._inputs
        m, v, x = self.mean(x)[:, 0], self.variance(x)[:, 0], x[:, 0]
        dx, dm = x - w @ x, m - w @ m
        return float(w @ (v + dm**2) - (w @ (dx * dm)) ** 2 / (w @ dx**2))


class _Uniform(_Problem):
    """``p(y|x) = 1 / W(x)`` on intervals of total width W(x): the branches."""

    def _intervals(self, x):
        """Lower ends and widths of the branches, both (..., B); width 0 for none."""
        branches = self._branches(x)
        low, high = np.nan_to_num(branches[..., 0]), np.nan_to_num(branches[..., 1])
        return low, high - low

    def branches(self, x):
        """The intervals that carry the density.

        Args:
            x: network input, shape (..., 1).

        Returns:
            Lower and upper ends, shape (..., B, 2), sorted, with NaN in place of a branch
            that x does not have. B is 1 for `ToyForward` and 2 for `ToyInverse`.

        Raises:
            ValueError: x is not of shape (..., 1) or leaves ``support``.

        >>> ToyForward().branches([[0.25]]).round(6).tolist()
        [[[0.45, 0.65]]]
        >>> ToyInverse().branches([[0.0], [0.4]]).round(4).tolist()
        [[[0.0, 0.0348], [nan, nan]], [[0.1095, 0.2096], [0.5, 0.7904]]]
        """
        return self._branches(self._input(x))

    def pdf(self, y, x):
        """``p(y|x) = 1 / W(x)`` where y lies in a branch, otherwise 0.

        Args:
            y: target, shape (..., 1).
            x: network input, shape (..., 1).

        Returns:
            Density, shape (...).

        Raises:
            ValueError: the shapes do not fit, y or x holds NaN, or x leaves ``support``.

        >>> ToyForward().pdf([[0.5], [0.7]], [[0.25]]).round(6).tolist()
        [5.0, 0.0]
        """
        y, x = self._pair(y, x)
        low, width = self._intervals(x)
        inside = (low <= y) & (y <= low + width) & (width > 0)  # (..., B)
        return inside.any(axis=-1) / width.sum(axis=-1)

    def cdf(self, y, x):
        """``F(y|x)``: the share of the total width that lies below y.

        Args:
            y: target, shape (..., 1).
            x: network input, shape (..., 1).

        Returns:
            Probability, shape (...).

        Raises:
            ValueError: the shapes do not fit, y or x holds NaN, or x leaves ``support``.

        >>> ToyForward().cdf([[0.4], [0.5], [0.7]], [[0.25]]).round(6).tolist()
        [0.0, 0.25, 1.0]
        """
        y, x = self._pair(y, x)
        low, width = self._intervals(x)
        return np.clip(y - low, 0, width).sum(axis=-1) / width.sum(axis=-1)

    def quantile(self, p, x):
        """``inf {y : F(y|x) >= p}``; for p = 0 the lower end of the first branch.

        Args:
            p: probability, shape (...), no axis of length 1 for the target.
            x: network input, shape (..., 1).

        Returns:
            Target, shape (..., 1).

        Raises:
            ValueError: p leaves [0, 1], x leaves ``support``, or the shapes do not fit.

        >>> ToyForward().quantile([0.0, 0.25, 1.0], [[0.25]]).round(6).tolist()
        [[0.45], [0.5], [0.65]]
        """
        p, x = self._p_and_x(p, x)
        low, width = self._intervals(x)
        below = np.cumsum(width, axis=-1)  # (..., B): up to the end of each branch
        wanted = p[..., None] * below[..., -1:]  # (..., 1)
        k = (below < wanted).sum(axis=-1, keepdims=True)  # the branch that holds it
        low, width, below = (_pick(a, k) for a in (low, width, below))
        return low + np.clip(wanted - (below - width), 0, width)

    def mean(self, x):
        """``E[y|x]``: the midpoints of the branches, weighted by their widths.

        Args:
            x: network input, shape (..., 1).

        Returns:
            Mean, shape (..., 1).

        Raises:
            ValueError: x is not of shape (..., 1) or leaves ``support``.

        >>> ToyInverse().mean([[0.5]]).round(6).tolist()
        [[0.5]]
        """
        low, width = self._intervals(self._input(x))
        return _average(low + width / 2, width)

    def variance(self, x):
        """``Var(y|x)``: Σ_b w_b ((mid_b - mean)² + w_b² / 12) / Σ_b w_b, w_b the widths.

        Args:
            x: network input, shape (..., 1).

        Returns:
            Variance, shape (..., 1).

        Raises:
            ValueError: x is not of shape (..., 1) or leaves ``support``.

        >>> ToyForward().variance([[0.5]]).round(6).tolist()
        [[0.003333]]
        """
        low, width = self._intervals(self._input(x))
        middle = low + width / 2
        return _average((middle - _average(middle, width)) ** 2 + width**2 / 12, width)

    def modes(self, x):
        """The midpoint of each branch.

        A uniform density has no single highest point: every point of a branch is a mode.
        This book takes the midpoint to stand for its branch.

        Args:
            x: network input, shape (..., 1).

        Returns:
            Modes, shape (..., B, 1), in the order of `branches`, NaN where there is none.

        Raises:
            ValueError: x is not of shape (..., 1) or leaves ``support``.

        >>> ToyInverse().modes([[0.4]]).round(4).tolist()
        [[[0.1596], [0.6452]]]
        """
        return self.branches(x).mean(axis=-1, keepdims=True)

    @cached_property
    def entropy(self):
        """``H(y|x) = E[ln W(x)]`` in nats, the best negative log likelihood there is."""
        x, w = self._inputs
        return float(w @ np.log(self._intervals(x)[1].sum(axis=-1)))


@dataclass(frozen=True)
class ToyForward(_Uniform):
    """``t = x + 0.3 sin(2πx) + u``, x ~ U(0, 1), u ~ U(-0.1, 0.1): predict t from x.

    Source: Bishop (2006), *Pattern Recognition and Machine Learning*, section 5.6.

    Attributes:
        support: the inputs, the closed interval [0, 1].
        entropy: ``H(t|x)`` in nats, the best negative log likelihood there is.
        bayes_mse: mean squared error of the exact conditional mean.
        best_line_mse: mean squared error of the best straight line.

    >>> problem = ToyForward()
    >>> x, t = problem.sample(4000, np.random.default_rng(0))
    >>> x.shape, t.shape
    ((4000, 1), (4000, 1))
    >>> print(f"{problem.entropy:.4f} {problem.bayes_mse:.6f}")
    -1.6094 0.003333
    """

    support: ClassVar[tuple[float, float]] = (0.0, 1.0)
    _input_edges: ClassVar = np.array([0.0, 1.0])

    def curve(self, x):
        """``f(x) = x + 0.3 sin(2πx)``, the target without its noise.

        Args:
            x: network input, shape (..., 1), of any value.

        Returns:
            f(x), shape (..., 1).

        Raises:
            ValueError: x is not of shape (..., 1).

        >>> ToyForward().curve([[0.25]]).round(6).tolist()
        [[0.55]]
        """
        return _toy_curve(_array("x", x, 1))

    def sample(self, n, rng):
        """n independent pairs.

        Args:
            n: how many, a positive integer.
            rng: a `numpy.random.Generator`.

        Returns:
            x and t, both of shape (n, 1).

        Raises:
            ValueError: n is no positive integer or rng no Generator.

        >>> x, t = ToyForward().sample(2, np.random.default_rng(0))
        >>> bool(abs(t - ToyForward().curve(x)).max() <= 0.1)
        True
        """
        _check_draw(n, rng)
        x = rng.uniform(0, 1, (n, 1))
        return x, _toy_curve(x) + rng.uniform(-0.1, 0.1, (n, 1))

    def _branches(self, x):
        return _toy_curve(x)[..., None] + np.array([-0.1, 0.1])

    def _input_pdf(self, x):
        return np.ones(x.shape[:-1])


# f' = 1 + 0.6π cos 2πx is zero at two points: three pieces on which f is monotone.
_TURN = np.arccos(-1 / (0.6 * np.pi)) / (2 * np.pi)
_TOY_KNOTS = np.array([0.0, _TURN, 1 - _TURN, 1.0])


@dataclass(frozen=True)
class ToyInverse(_Uniform):
    """``p(x|t) = 1 / W(t)`` where ``|t - f(x)| < 0.1``: predict x from t.

    The data of `ToyForward` with input and target exchanged, so that the network input is
    t and the target is x; f(x) = x + 0.3 sin(2πx). W(t) is the total width of the
    intervals where the condition holds.

    f has three branches, yet there are never three intervals: between its turning points f
    falls by 0.187, less than the 0.2 that the noise spans, so that the noise always joins
    two neighbors. There are two intervals for t in (0.3067, 0.4933) and its mirror image
    (0.5067, 0.6933), and one elsewhere.

    Source: Bishop (2006), *Pattern Recognition and Machine Learning*, section 5.6.

    Attributes:
        support: the inputs, the open interval (-0.1, 1.1). At its very ends a single x
            is possible, which has no density.
        entropy: ``H(x|t)`` in nats, the best negative log likelihood there is.
        bayes_mse: mean squared error of the exact conditional mean.
        best_line_mse: mean squared error of the best straight line.

    >>> problem = ToyInverse()
    >>> t, x = problem.sample(4000, np.random.default_rng(0))
    >>> problem.pdf([[0.15], [0.3]], [[0.4]]).round(4).tolist()
    [2.5608, 0.0]
    >>> print(f"{problem.entropy:.4f} {problem.bayes_mse:.5f} {problem.best_line_mse:.5f}")
    -1.2823 0.03830 0.04832
    """

    support: ClassVar[tuple[float, float]] = (-0.1, 1.1)
    _ends_included: ClassVar[bool] = False
    # Where the noise band reaches or leaves an end or a turning point of f, W has a kink.
    _input_edges: ClassVar = np.sort(
        np.add.outer(_toy_curve(_TOY_KNOTS), [-0.1, 0.1]).ravel()
    )

    def curve(self, y):
        """``f(y) = y + 0.3 sin(2πy)``, the input that belongs to target y without noise.

        Args:
            y: target, shape (..., 1), of any value.

        Returns:
            f(y), shape (..., 1). Plot it across, and y up.

        Raises:
            ValueError: y is not of shape (..., 1).

        >>> ToyInverse().curve([[0.25]]).round(6).tolist()
        [[0.55]]
        """
        return _toy_curve(_array("y", y, 1))

    def sample(self, n, rng):
        """n independent pairs: those of `ToyForward` for the same rng, exchanged.

        Args:
            n: how many, a positive integer.
            rng: a `numpy.random.Generator`.

        Returns:
            t and x, both of shape (n, 1).

        Raises:
            ValueError: n is no positive integer or rng no Generator.

        >>> t, x = ToyInverse().sample(2, np.random.default_rng(0))
        >>> bool(abs(t - ToyInverse().curve(x)).max() <= 0.1)
        True
        """
        x, t = ToyForward().sample(n, rng)
        return t, x

    def _branches(self, t):
        low, high = t - 0.1, t + 0.1  # the x wanted are those with low < f(x) < high
        a, b, c = np.moveaxis(_roots(_toy_curve, _TOY_KNOTS, low), -1, 0)
        d, e, g = np.moveaxis(_roots(_toy_curve, _TOY_KNOTS, high), -1, 0)
        c = np.minimum(c, np.nextafter(1, 0))  # one float of width is left next to t = 1.1
        # f > low on [a, b] and [c, 1], f < high on [0, d] and [e, g]. One of the two sets
        # is a single interval: above the upper turning point [0, g], otherwise [a, 1].
        above = high[..., 0] >= _toy_curve(_TURN)
        first = np.stack([a, np.where(above, b, d)], axis=-1)
        second = np.stack([np.where(above, c, e), g], axis=-1)
        joined = first[..., 1] == second[..., 0]
        first[joined, 1], second[joined] = second[joined, 1], np.nan
        both = np.stack([first, second], axis=-2)
        both[both[..., 0] >= both[..., 1]] = np.nan
        return np.sort(both, axis=-2)  # NaN goes last

    def _input_pdf(self, t):
        """p(t) = ∫ p(t|x) dx = W(t) / 0.2"""
        return self._intervals(t)[1].sum(axis=-1) / 0.2


def _sine_curve(y):
    return 7 * np.sin(5 * y) + 0.5 * y


# f' = 35 cos 5y + 0.5 is zero at four points: five pieces on which f is monotone.
_SINE_TURN = np.arccos(-1 / 70) / 5
_SINE_KNOTS = np.array(
    [-1, _SINE_TURN - 2 * np.pi / 5, -_SINE_TURN, _SINE_TURN, 2 * np.pi / 5 - _SINE_TURN, 1]
)

# The quadrature rule in y: 64 panels of 10 Gauss-Legendre nodes, each panel about two
# standard deviations wide where the density of y is narrowest.
_U, _W = np.polynomial.legendre.leggauss(10)
_EDGES = np.linspace(-1, 1, 65)


def _nodes(low, high):
    """Gauss-Legendre nodes and weights from low to high, both of shape (..., 10)."""
    half = ((high - low) / 2)[..., None]
    return low[..., None] + half * (1 + _U), half * _W


_Y, _DY = (a.ravel() for a in _nodes(_EDGES[:-1], _EDGES[1:]))
_IN_PANEL = np.repeat(np.eye(64), 10, axis=0)  # (640, 64)


@dataclass(frozen=True)
class SineInverse(_Problem):
    """``x = 7 sin(5y) + 0.5 y + 0.5 ε``, y ~ U(-1, 1), ε ~ N(0, 1): predict y from x.

    With f(y) = 7 sin(5y) + 0.5 y the exact answer is Bayes' rule,
    ``p(y|x) = N(x | f(y), 0.5²) p(y) / p(x)``, with p(y) = 1/2 on [-1, 1]. The integral
    over y in p(x), as every other, is done by Gauss-Legendre quadrature to near rounding.

    Attributes:
        support: the inputs taken, [-20, 20]. p(x) is positive everywhere, but the curve
            stays within ±7.16: out there, 25 standard deviations of the noise from it,
            p(x) is below 1e-140, and the quadrature is not vouched for beyond.
        entropy: ``H(y|x)`` in nats, the best negative log likelihood there is.
        bayes_mse: mean squared error of the exact conditional mean.
        best_line_mse: mean squared error of the best straight line.

    >>> problem = SineInverse()
    >>> x, y = problem.grid_sample(512, np.random.default_rng(0))
    >>> problem.pdf([[0.0], [0.6]], [[0.0]]).round(4).tolist()
    [9.2317, 0.3347]
    >>> print(f"{problem.entropy:.4f}")
    -1.2749
    """

    support: ClassVar[tuple[float, float]] = (-20.0, 20.0)
    _input_edges: ClassVar = np.linspace(-20, 20, 41)

    def curve(self, y):
        """``f(y) = 7 sin(5y) + 0.5 y``, the input that belongs to target y without noise.

        Args:
            y: target, shape (..., 1), of any value.

        Returns:
            f(y), shape (..., 1). Plot it across, and y up.

        Raises:
            ValueError: y is not of shape (..., 1).

        >>> SineInverse().curve([[1.0]]).round(4).tolist()
        [[-6.2125]]
        """
        return _sine_curve(_array("y", y, 1))

    def sample(self, n, rng):
        """n independent pairs.

        Args:
            n: how many, a positive integer.
            rng: a `numpy.random.Generator`.

        Returns:
            x and y, both of shape (n, 1).

        Raises:
            ValueError: n is no positive integer or rng no Generator.

        >>> x, y = SineInverse().sample(1000, np.random.default_rng(0))
        >>> x.shape, y.shape
        ((1000, 1), (1000, 1))
        """
        _check_draw(n, rng)
        y = rng.uniform(-1, 1, (n, 1))
        return _sine_curve(y) + 0.5 * rng.standard_normal((n, 1)), y

    def grid_sample(self, n, rng):
        """n pairs whose targets are an even grid from -1 to 1; only the noise is random.

        Args:
            n: how many, a positive integer.
            rng: a `numpy.random.Generator`.

        Returns:
            x and y, both of shape (n, 1), y ascending.

        Raises:
            ValueError: n is no positive integer or rng no Generator.

        >>> x, y = SineInverse().grid_sample(3, np.random.default_rng(0))
        >>> y.tolist()
        [[-1.0], [0.0], [1.0]]
        """
        _check_draw(n, rng)
        y = np.linspace(-1, 1, n)[:, None]
        return _sine_curve(y) + 0.5 * rng.standard_normal((n, 1)), y

    def pdf(self, y, x):
        """``p(y|x) = N(x | f(y), 0.5²) / 2 p(x)`` for y in [-1, 1], otherwise 0.

        Args:
            y: target, shape (..., 1).
            x: network input, shape (..., 1).

        Returns:
            Density, shape (...).

        Raises:
            ValueError: the shapes do not fit, y or x holds NaN, or x leaves ``support``.

        >>> SineInverse().pdf([[0.0], [2.0]], [[0.0]]).round(4).tolist()
        [9.2317, 0.0]
        """
        y, x = self._pair(y, x)
        inside = np.abs(y) <= 1
        return (inside * _joint(np.clip(y, -1, 1), x))[..., 0] / self._input_pdf(x)

    def cdf(self, y, x):
        """``F(y|x)``: the integral of p(y|x) from -1 to y.

        Args:
            y: target, shape (..., 1).
            x: network input, shape (..., 1).

        Returns:
            Probability, shape (...).

        Raises:
            ValueError: the shapes do not fit, y or x holds NaN, or x leaves ``support``.

        >>> SineInverse().cdf([[-1.0], [0.0], [1.0]], [[0.0]]).round(6).tolist()
        [0.0, 0.5, 1.0]
        """
        y, x = self._pair(y, x)
        y = np.clip(y, -1, 1)
        k = np.searchsorted(_EDGES[1:-1], y, "right")  # (..., 1): the panel that holds y
        below = self._mass_below_panels(x)
        mass = _pick(below, k) + _integral(_EDGES[k], y, x)
        return np.minimum(mass / below[..., -1:], 1)[..., 0]

    def quantile(self, p, x):
        """``inf {y : F(y|x) >= p}``; for p = 0 the lower end, -1.

        Args:
            p: probability, shape (...), no axis of length 1 for the target.
            x: network input, shape (..., 1).

        Returns:
            Target, shape (..., 1).

        Raises:
            ValueError: p leaves [0, 1], x leaves ``support``, or the shapes do not fit.

        >>> SineInverse().quantile([0.0, 0.5, 1.0], [[0.0]]).round(6).tolist()
        [[-1.0], [0.0], [1.0]]
        """
        p, x = self._p_and_x(p, x)
        below = self._mass_below_panels(x)  # (..., 65)
        wanted = p[..., None] * below[..., -1:]  # (..., 1)
        k = (below[..., 1:-1] < wanted).sum(axis=-1, keepdims=True)  # the panel of it
        low, high = _EDGES[k], _EDGES[k + 1]
        rest = np.clip(wanted - _pick(below, k), 0, _integral(low, high, x))

        def excess(y, low, x, rest):
            return _integral(low, y, x) - rest

        y = find_root(excess, (low, high), args=(low, x, rest)).x
        p = p[..., None]
        return np.where((p == 0) | (p == 1), 2 * p - 1, y)  # where a tail may round to 0

    def mean(self, x):
        """``E[y|x] = ∫ y p(y|x) dy``.

        Args:
            x: network input, shape (..., 1).

        Returns:
            Mean, shape (..., 1).

        Raises:
            ValueError: x is not of shape (..., 1) or leaves ``support``.

        >>> SineInverse().mean([[7.0]]).round(4).tolist()
        [[-0.0198]]
        """
        mass, first = np.moveaxis(_integrals(self._input(x), _Y[:, None] ** [0, 1]), -1, 0)
        return (first / mass)[..., None]

    def variance(self, x):
        """``Var(y|x) = ∫ y² p(y|x) dy - E[y|x]²``.

        Args:
            x: network input, shape (..., 1).

        Returns:
            Variance, shape (..., 1).

        Raises:
            ValueError: x is not of shape (..., 1) or leaves ``support``.

        >>> SineInverse().variance([[0.0]]).round(4).tolist()
        [[0.2738]]
        """
        powers = _integrals(self._input(x), _Y[:, None] ** [0, 1, 2])
        mass, first, second = np.moveaxis(powers, -1, 0)
        return (second / mass - (first / mass) ** 2)[..., None]

    def modes(self, x):
        """The local maxima of p(y|x) on [-1, 1].

        On a piece where f is monotone the density is highest where f(y) comes nearest to x:
        at the root of f(y) = x, or at the end of the piece. An end that two pieces share is
        one mode. So is -1 or 1 if the density falls from there inward.

        Args:
            x: network input, shape (..., 1).

        Returns:
            Modes, shape (..., 5, 1), ascending, then NaN. `pdf` tells the high ones from
            those far out in a tail.

        Raises:
            ValueError: x is not of shape (..., 1) or leaves ``support``.

        >>> SineInverse().modes([[0.0]])[..., 0].round(4).tolist()
        [[-1.0, -0.6374, 0.0, 0.6374, 1.0]]
        """
        y = _roots(_sine_curve, _SINE_KNOTS, self._input(x))
        y[..., 1:][y[..., 1:] == y[..., :-1]] = np.nan
        return np.sort(y, axis=-1)[..., None]  # NaN goes last

    @cached_property
    def entropy(self):
        """``H(y|x) = H(y) + H(x|y) - H(x)`` in nats, with H(y) = ln 2."""
        x, w = self._inputs
        entropy_x = -w @ np.log(self._input_pdf(x))
        return float(np.log(2) + 0.5 * np.log(2 * np.pi * np.e * 0.5**2) - entropy_x)

    def _input_pdf(self, x):
        return _integrals(x, np.ones((640, 1)))[..., 0]

    def _mass_below_panels(self, x):
        """∫ p(x, y) dy from -1 to each edge, shape (..., 65)."""
        mass = np.cumsum(_integrals(x, _IN_PANEL), axis=-1)
        return np.concatenate([np.zeros_like(x), mass], axis=-1)


def _joint(y, x):
    """p(x, y) = N(x | f(y), 0.5²) / 2"""
    z = (x - _sine_curve(y)) / 0.5
    return 0.5 * np.exp(-0.5 * z**2) / (0.5 * np.sqrt(2 * np.pi))


def _integrals(x, phi):
    """∫ p(x, y) φ(y) dy for the columns of phi (640, C); x (..., 1) gives (..., C)."""
    phi = phi * _DY[:, None]
    out = np.empty((x.size, phi.shape[1]))
    for i in range(0, x.size, 4096):  # 20 MB at a time
        out[i : i + 4096] = _joint(_Y, x.reshape(-1, 1)[i : i + 4096]) @ phi
    return out.reshape(*x.shape[:-1], phi.shape[1])


def _integral(low, high, x):
    """∫ p(x, y) dy from low to high, both in one panel; the shapes broadcast."""
    y, dy = _nodes(low, high)
    return (_joint(y, x[..., None]) * dy).sum(axis=-1)


@dataclass(frozen=True)
class TwoLanes:
    """``y = c(x) + 0.6 ε₁ u(x) + (±d(x) + 0.08 ε₂) v(x)``, x ~ U(0, 1): predict y from x.

    A car has driven the share x of a road with two lanes: where is it? The road is the half
    circle c(x) = (sin πx, -cos πx). u(x) = (cos πx, sin πx) points along it and v(x) =
    (-sin πx, cos πx) across. The lanes, equally probable, lie at the distance d(x) =
    0.4 (1 - x) on either side of c(x) and merge toward the end. ε₁ and ε₂ are independent
    N(0, 1): how far along the road is uncertain, and less so where within the lane.

    So p(y|x) is a mixture of two Gaussians with one covariance, 0.6² u uᵀ + 0.08² v vᵀ. The
    correlation of y1 and y2 in each is 0 at x = 0, 0.5, 1; 0.965 at 0.25; -0.965 at 0.75.
    Up to x = 0.8 there are two modes, and one from there on.

    Attributes:
        support: the inputs, the closed interval [0, 1].
        scales: standard deviations along the road and within a lane.
        entropy: ``H(y|x)`` in nats, the best negative log likelihood there is.

    >>> problem = TwoLanes()
    >>> x, y = problem.sample(1000, np.random.default_rng(0))
    >>> x.shape, y.shape
    ((1000, 1), (1000, 2))
    >>> print(f"{problem.entropy:.4f}")
    0.3411
    """

    support: ClassVar[tuple[float, float]] = (0.0, 1.0)
    scales: ClassVar[tuple[float, float]] = (0.6, 0.08)
    _ends_included: ClassVar[bool] = True
    _input = _Problem._input

    def sample(self, n, rng):
        """n independent pairs.

        Args:
            n: how many, a positive integer.
            rng: a `numpy.random.Generator`.

        Returns:
            x of shape (n, 1) and y of shape (n, 2).

        Raises:
            ValueError: n is no positive integer or rng no Generator.

        >>> x, y = TwoLanes().sample(3, np.random.default_rng(0))
        >>> TwoLanes().pdf(y, x).shape
        (3,)
        """
        _check_draw(n, rng)
        x = rng.uniform(0, 1, (n, 1))
        c, u, v, d = _road(x)
        along, across = np.hsplit(self.scales * rng.standard_normal((n, 2)), 2)
        return x, c + along * u + (rng.choice([-1, 1], (n, 1)) * d + across) * v

    def pdf(self, y, x):
        """``N(s|0, 0.6²) (N(r|d, 0.08²) + N(r|-d, 0.08²)) / 2``, with y = c + s u + r v.

        Args:
            y: target, shape (..., 2).
            x: network input, shape (..., 1).

        Returns:
            Density, shape (...).

        Raises:
            ValueError: the shapes do not fit, y or x holds NaN, or x leaves ``support``.

        >>> TwoLanes().pdf([[1.2, 0.0], [1.0, 0.0]], [[0.5]]).round(4).tolist()
        [1.6579, 0.1457]
        """
        y, x = _no_nan("y", _array("y", y, 2)), self._input(x)
        _check_broadcast("y", y.shape[:-1], x)
        c, u, v, d = _road(x)
        s, r = ((y - c) * u).sum(axis=-1), ((y - c) * v).sum(axis=-1)
        (along, across), d = self.scales, d[..., 0]
        lanes = norm.pdf(r, d, across) + norm.pdf(r, -d, across)
        return norm.pdf(s, 0, along) * lanes / 2

    def mean(self, x):
        """``E[y|x] = c(x)``, the middle of the road, where there may be no lane.

        Args:
            x: network input, shape (..., 1).

        Returns:
            Mean, shape (..., 2).

        Raises:
            ValueError: x is not of shape (..., 1) or leaves ``support``.

        >>> TwoLanes().mean([[0.25]]).round(4).tolist()
        [[0.7071, -0.7071]]
        """
        return _road(self._input(x))[0]

    def covariance(self, x):
        """``Cov[y|x] = 0.6² u uᵀ + (0.08² + d²) v vᵀ``.

        Args:
            x: network input, shape (..., 1).

        Returns:
            Covariance, shape (..., 2, 2).

        Raises:
            ValueError: x is not of shape (..., 1) or leaves ``support``.

        >>> TwoLanes().covariance([[0.25]]).round(4).tolist()
        [[[0.2282, 0.1318], [0.1318, 0.2282]]]
        """
        _, u, v, d = _road(self._input(x))
        axes = np.stack([u, v], axis=-1)
        along, across = self.scales
        var = np.concatenate([np.full_like(d, along**2), across**2 + d**2], axis=-1)
        return (axes * var[..., None, :]) @ axes.swapaxes(-1, -2)

    @cached_property
    def entropy(self):
        """``H(y|x) = H(s|x) + H(r|x)`` in nats, with y = c + s u + r v."""
        x, dx = _panels(np.array([0.0, 1.0]))
        z, dz = _panels(np.linspace(-10, 10, 11))  # r = d + 0.08 z, from the lane at +d
        d = _road(x[:, None])[3] / self.scales[1]
        other_lane = dx @ np.logaddexp(0, -2 * d * (z + d)) @ (dz * norm.pdf(z))
        one_lane = 2 * norm.entropy() + np.log(self.scales).sum()
        return float(one_lane + np.log(2) - other_lane)


def _road(x):
    """c, u and v, all (..., 2), and d (..., 1)."""
    sin, cos = np.sin(np.pi * x), np.cos(np.pi * x)
    u, v = np.concatenate([cos, sin], axis=-1), np.concatenate([-sin, cos], axis=-1)
    return -v, u, v, 0.4 * (1 - x)


@dataclass(frozen=True)
class RobotArm:
    """``(L1 cos θ1 - L2 cos(θ1+θ2), L1 sin θ1 - L2 sin(θ1+θ2))``: predict θ from it.

    L1 = 0.8 and L2 = 0.2; the angles, in radians, are independent and uniform,
    θ1 in (0.3, 1.2) and θ2 in (π/2, 3π/2). The network input is the position of the end of
    the arm, the target the pair of angles. There is no noise: given the position, the
    angles take one or two values, so the negative log likelihood has no lower bound. Judge
    by the distance between the position wanted and the position reached.

    Source: Bishop (1994), *Mixture Density Networks*, report NCRG/94/004, Aston University.

    Attributes:
        lengths: L1 and L2.
        ranges: the ends of θ1 and of θ2.
        two_solution_share: probability that a position has two solutions.
        rms_position_error: root of the mean squared distance between the position wanted
            and the one reached with the exact conditional mean of the angles.

    >>> arm = RobotArm()
    >>> position, theta = arm.sample(1000, np.random.default_rng(0))
    >>> print(f"{arm.two_solution_share:.3f} {arm.rms_position_error:.4f}")
    0.688 0.0584
    """

    lengths: ClassVar[tuple[float, float]] = (0.8, 0.2)
    ranges: ClassVar[tuple] = ((0.3, 1.2), (np.pi / 2, 3 * np.pi / 2))

    def forward(self, theta):
        """``(L1 cos θ1 - L2 cos(θ1+θ2), L1 sin θ1 - L2 sin(θ1+θ2))``.

        Args:
            theta: θ1 and θ2 in radians, shape (..., 2), of any value; NaN gives NaN.

        Returns:
            Position, shape (..., 2).

        Raises:
            ValueError: theta is not of shape (..., 2).

        >>> RobotArm().forward([[np.pi / 2, np.pi / 2]]).round(6).tolist()
        [[0.2, 0.8]]
        """
        theta = _array("theta", theta, 2)
        one, both = theta[..., 0], theta[..., 0] + theta[..., 1]
        L1, L2 = self.lengths
        return np.stack(
            [L1 * np.cos(one) - L2 * np.cos(both), L1 * np.sin(one) - L2 * np.sin(both)],
            axis=-1,
        )

    def inverse(self, position):
        """``cos θ2 = (L1² + L2² - r²) / 2 L1 L2``, ``θ1 = φ + δ(θ2)``: both solutions.

        r and φ are the polar coordinates of the position, and δ(θ2) =
        atan2(L2 sin θ2, L1 - L2 cos θ2). The solutions θ2 and 2π - θ2 have opposite δ.

        Args:
            position: shape (..., 2).

        Returns:
            Angles, shape (..., 2, 2). First the solution with θ2 <= π, then the other, each
            as (θ1, θ2). A solution outside ``ranges`` is NaN; rounding aside, 1e-9.

        Raises:
            ValueError: position is not of shape (..., 2) or holds NaN.

        >>> arm = RobotArm()
        >>> arm.inverse(arm.forward([[1.0, 3.0]])).round(4).tolist()
        [[[1.0, 3.0], [0.9435, 3.2832]]]
        """
        position = _no_nan("position", _array("position", position, 2))
        L1, L2 = self.lengths
        phi = np.arctan2(position[..., 1], position[..., 0])
        with np.errstate(over="ignore"):  # a position far out of reach
            cosine = (L1**2 + L2**2 - (position**2).sum(axis=-1)) / (2 * L1 * L2)
        theta2 = np.arccos(np.clip(cosine, -1, 1))[..., None] * [1, -1] + [0, 2 * np.pi]
        theta1 = phi[..., None] + self._delta(theta2)
        theta = np.stack([theta1, theta2], axis=-1)  # (..., solution, angle)
        low, high = np.transpose(self.ranges)
        inside = ((theta >= low - 1e-9) & (theta <= high + 1e-9)).all(axis=-1)
        inside &= np.abs(cosine)[..., None] <= 1 + 1e-12
        return np.where(inside[..., None], np.clip(theta, low, high), np.nan)

    def sample(self, n, rng):
        """n independent pairs.

        Args:
            n: how many, a positive integer.
            rng: a `numpy.random.Generator`.

        Returns:
            position and theta, both of shape (n, 2).

        Raises:
            ValueError: n is no positive integer or rng no Generator.

        >>> position, theta = RobotArm().sample(1000, np.random.default_rng(0))
        >>> position.shape, theta.shape
        ((1000, 2), (1000, 2))
        """
        _check_draw(n, rng)
        theta = rng.uniform(*np.transpose(self.ranges), (n, 2))
        return self.forward(theta), theta

    def mean(self, position):
        """``E[θ|position]``: the plain average of the solutions.

        Angles are uniform, so a solution weighs ``1 / |det ∂position/∂θ|``, and
        that determinant, ``L1 L2 |sin θ2|``, is the same for θ2 and 2π - θ2: equal weights.

        Args:
            position: shape (..., 2), within reach.

        Returns:
            Angles, shape (..., 2).

        Raises:
            ValueError: position is not of shape (..., 2), holds NaN, or is out of reach.

        >>> arm = RobotArm()
        >>> arm.mean(arm.forward([[1.0, 3.0]])).round(4).tolist()
        [[0.9717, 3.1416]]
        """
        theta = self.inverse(position)
        exists = ~np.isnan(theta)
        count = exists.sum(axis=-2)  # over the solutions
        if not count.all():
            bad = np.asarray(position, dtype=float)[~count.all(axis=-1)][0]
            raise ValueError(
                f"position must be within reach of the angles in ranges, got {bad.tolist()}"
            )
        return theta.sum(axis=-2, where=exists) / count

    @cached_property
    def two_solution_share(self):
        """``E[1 - 2 δ(θ2) / 0.9]``, the probability that a position has two solutions.

        For θ2 < π the other solution has θ1 - 2 δ(θ2), which must stay above 0.3. The
        positions are weighted as they are drawn, not by area.
        """
        return self._mean_over_theta2(lambda theta2: 1.0)

    @cached_property
    def rms_position_error(self):
        """``E[1{two solutions} (L1 + L2 - r)²]^½``, with r² = L1² + L2² - 2 L1 L2 cos θ2.

        The mean of two solutions is (φ, π): the arm is stretched out to radius L1 + L2.
        Where there is one solution, the mean is exact and the error 0.
        """
        L1, L2 = self.lengths

        def square(theta2):
            return (L1 + L2 - np.sqrt(L1**2 + L2**2 - 2 * L1 * L2 * np.cos(theta2))) ** 2

        return float(np.sqrt(self._mean_over_theta2(square)))

    def _delta(self, theta2):
        L1, L2 = self.lengths
        return np.arctan2(L2 * np.sin(theta2), L1 - L2 * np.cos(theta2))

    def _mean_over_theta2(self, g):
        """E[1{two solutions} g(θ2)]; the halves θ2 < π and θ2 > π mirror each other."""
        (low, high), (start, _) = self.ranges

        def integrand(theta2):
            return (1 - 2 * self._delta(theta2) / (high - low)) * g(theta2)

        return float(quad(integrand, start, np.pi, epsabs=1e-13)[0] / (np.pi - start))
