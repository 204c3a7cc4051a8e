"""Problems with their exact answers.

Each problem draws pairs, and also knows what a perfect model would say about them: its
density, its moments, and the scores that no model can beat.

====================  ========  ===============================
problem               input     its conditional density
====================  ========  ===============================
:class:`ToyForward`   a number  uniform on one interval
:class:`ToyInverse`   a number  uniform on one or two intervals
:class:`SineInverse`  a number  smooth, three to five modes
:class:`TwoLanes`     a number  two Gaussians with correlation
:class:`RobotArm`     position  one or two pairs of angles
====================  ========  ===============================

In every problem ``x`` is the input of the network and ``y`` its target: arrays of shape
``(..., 1)``. Of shape ``(..., 2)`` are ``y`` of the lanes, and ``position`` and ``theta``
of the arm. The leading axes of ``x`` and ``y`` broadcast. ``sample(n, rng)`` draws n
independent pairs ``x, y`` from a `numpy.random.Generator`. All arithmetic is in float64,
all entropies are in nats.

Another last axis, an input outside ``support``, NaN in ``y`` or ``position``, and a
probability outside [0, 1] raise a ValueError.
"""

from functools import cached_property

import numpy as np
from scipy.integrate import quad
from scipy.optimize.elementwise import find_root
from scipy.stats import norm

__all__ = ["RobotArm", "SineInverse", "ToyForward", "ToyInverse", "TwoLanes"]


def _array(name, value, size):
    """`value` as float64 of shape (..., size)."""
    value = np.asarray(value, dtype=float)
    if value.shape[-1:] != (size,):
        raise ValueError(f"{name} must have shape (..., {size}), got shape {value.shape}")
    return value


def _no_nan(name, value, size):
    value = _array(name, value, size)
    if np.isnan(value).any():
        raise ValueError(f"{name} must not contain NaN, got {np.isnan(value).sum()} NaN")
    return value


def _panels(edges):
    """Nodes and weights, both (panels * 64,), of a quadrature rule between `edges`.

    Gauss-Legendre in u, with z = center + half sin(πu/2): a square root at the end of a
    panel, as the toy densities have where a branch ends, is smooth in u.
    """
    u, w = np.polynomial.legendre.leggauss(64)
    center, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    z = center[:, None] + half[:, None] * np.sin(np.pi / 2 * u)
    dz = half[:, None] * np.pi / 2 * np.cos(np.pi / 2 * u) * w
    return z.ravel(), dz.ravel()


class _Problem:
    """What problems with one input have in common; the input is U(0, 1) unless said."""

    support = (0.0, 1.0)
    _open = False  # whether the ends of the support are left out
    _edges = np.array([0.0, 1.0])  # between them p(x) is smooth

    def _input_pdf(self, x):
        return np.ones(x.shape[:-1])

    def _input(self, x):
        x, (low, high) = _array("x", x, 1), self.support
        inside = (low < x) & (x < high) if self._open else (low <= x) & (x <= high)
        if not inside.all():  # NaN is outside, too
            rule = f"({low}, {high})" if self._open else f"[{low}, {high}]"
            raise ValueError(f"x must lie in {rule}, got {x[~inside][0]}")
        return x

    @cached_property
    def _inputs(self):
        """x (M, 1) and w (M,), so that w @ g(x) is the expectation of g over the inputs."""
        x, dx = _panels(self._edges)
        return x[:, None], dx * self._input_pdf(x[:, None])


# The toy problem, in both directions

# f' = 1 + 0.6π cos 2πx is zero at two points: three pieces on which f is monotone.
_TURN = np.arccos(-1 / (0.6 * np.pi)) / (2 * np.pi)
_KNOTS = np.array([0.0, _TURN, 1 - _TURN, 1.0])


def _curve(x):
    return x + 0.3 * np.sin(2 * np.pi * x)


def _roots(level):
    """Where each piece of f takes the value `level` (..., 1); the answer is (..., 3).

    Where a piece does not reach the level, the answer is the end that comes nearest.
    """
    ends = _curve(_KNOTS[:-1]), _curve(_KNOTS[1:])
    level = np.clip(level, np.minimum(*ends), np.maximum(*ends))
    return find_root(lambda x, c: _curve(x) - c, (_KNOTS[:-1], _KNOTS[1:]), args=(level,)).x


def _average(values, weights):
    """Weighted average over the last axis, which stays with length 1."""
    return (weights * values).sum(-1, keepdims=True) / weights.sum(-1, keepdims=True)


class _Toy(_Problem):
    """``p(y|x) = 1 / Δ(x)`` on intervals of total width Δ(x): the branches."""

    def curve(self, z):
        """``f(z) = z + 0.3 sin(2πz)``, the curve through the middle of the data.

        >>> ToyInverse().curve([[0.25]]).round(6).tolist()
        [[0.55]]
        """
        return _curve(_array("z", z, 1))

    def branches(self, x):
        """Lower and upper ends of the intervals that carry the density, (..., B, 2).

        They ascend, with NaN in place of a branch that x does not have. B is 1 for
        `ToyForward` and 2 for `ToyInverse`.

        >>> ToyInverse().branches([[0.0], [0.4]]).round(4).tolist()
        [[[0.0, 0.0348], [nan, nan]], [[0.1095, 0.2096], [0.5, 0.7904]]]
        """
        return self._branches(self._input(x))

    def _intervals(self, x):
        """Lower ends and widths of the branches, both (..., B); width 0 for none."""
        low, high = np.moveaxis(np.nan_to_num(self.branches(x)), -1, 0)
        return low, high - low

    def pdf(self, y, x):
        """``p(y|x) = 1 / Δ(x)`` where y lies in a branch, otherwise 0; shape (...).

        >>> ToyInverse().pdf([[0.15], [0.3]], [[0.4]]).round(4).tolist()
        [2.5608, 0.0]
        """
        y, (low, width) = _no_nan("y", y, 1), self._intervals(x)
        inside = (low <= y) & (y <= low + width) & (width > 0)  # (..., B)
        return inside.any(axis=-1) / width.sum(axis=-1)

    def cdf(self, y, x):
        """``F(y|x)``: the share of the total width that lies below y; shape (...).

        >>> ToyForward().cdf([[0.4], [0.5], [0.7]], [[0.25]]).round(6).tolist()
        [0.0, 0.25, 1.0]
        """
        y, (low, width) = _no_nan("y", y, 1), self._intervals(x)
        return np.clip(y - low, 0, width).sum(axis=-1) / width.sum(axis=-1)

    def quantile(self, p, x):
        """``inf {y : F(y|x) >= p}``, shape (..., 1); p has no axis for the target.

        >>> ToyForward().quantile([0.0, 0.25, 1.0], [[0.25]]).round(6).tolist()
        [[0.45], [0.5], [0.65]]
        """
        p, (low, width) = np.asarray(p, dtype=float), self._intervals(x)
        outside = ~((p >= 0) & (p <= 1))  # true for NaN, too
        if outside.any():
            raise ValueError(f"p must lie in [0, 1], got {p[outside][0]}")
        along = p[..., None] * width.sum(axis=-1, keepdims=True)
        beyond = along - width[..., :1]  # the first branch
        return np.where(beyond > 0, low[..., -1:] + beyond, low[..., :1] + along)

    def mean(self, x):
        """``E[y|x]``: the midpoints of the branches, weighted by their widths; (..., 1).

        >>> ToyInverse().mean([[0.5]]).round(6).tolist()
        [[0.5]]
        """
        low, width = self._intervals(x)
        return _average(low + width / 2, width)

    def variance(self, x):
        """``Var(y|x) = Σ_b Δ_b ((m_b - E[y|x])² + Δ_b²/12) / Σ_b Δ_b``; shape (..., 1).

        Δ_b are the widths of the branches, m_b their midpoints.

        >>> ToyForward().variance([[0.5]]).round(6).tolist()
        [[0.003333]]
        """
        low, width = self._intervals(x)
        middle = low + width / 2
        return _average((middle - _average(middle, width)) ** 2 + width**2 / 12, width)

    @cached_property
    def entropy(self):
        """``H(y|x) = E[ln Δ(x)]`` in nats, the best negative log-likelihood there is."""
        x, w = self._inputs
        return float(w @ np.log(self._intervals(x)[1].sum(axis=-1)))

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


class ToyForward(_Toy):
    """``y = x + 0.3 sin(2πx) + ε``, x ~ U(0, 1), ε ~ U(-0.1, 0.1): predict y from x.

    Source: Bishop (2006), *Pattern Recognition and Machine Learning*, section 5.6.

    >>> problem = ToyForward()
    >>> x, y = problem.sample(4000, np.random.default_rng(0))
    >>> print(f"{problem.entropy:.4f} {problem.bayes_mse:.6f}")
    -1.6094 0.003333
    """

    def sample(self, n, rng):
        """n independent pairs x, y, both of shape (n, 1)."""
        x = rng.uniform(0, 1, (n, 1))
        return x, _curve(x) + rng.uniform(-0.1, 0.1, (n, 1))

    def _branches(self, x):
        return _curve(x)[..., None] + np.array([-0.1, 0.1])


class ToyInverse(_Toy):
    """``x = y + 0.3 sin(2πy) + ε``, y ~ U(0, 1), ε ~ U(-0.1, 0.1): predict y from x.

    The data of `ToyForward` with input and target exchanged. So ``p(y|x) = 1 / Δ(x)`` where
    ``|x - f(y)| < 0.1``, with f(y) = y + 0.3 sin(2πy), and Δ(x) is the total width of the
    intervals where the condition holds. At the very ends of the support, -0.1 and 1.1, a
    single y is possible, which has no density: they are left out.

    f has three branches, yet there are never three intervals: between its turning points f
    falls by 0.187, less than the 0.2 that the noise spans, so that the noise always joins
    two neighbors. There are two intervals for x in (0.3067, 0.4933) and its mirror image
    (0.5067, 0.6933), and one elsewhere.

    >>> problem = ToyInverse()
    >>> x, y = problem.sample(4000, np.random.default_rng(0))
    >>> print(f"{problem.entropy:.4f} {problem.bayes_mse:.5f} {problem.best_line_mse:.5f}")
    -1.2823 0.03830 0.04832
    """

    support = (-0.1, 1.1)
    _open = True
    # Where the noise band reaches or leaves an end or a turning point of f, Δ has a kink.
    _edges = np.sort(np.add.outer(_curve(_KNOTS), [-0.1, 0.1]).ravel())

    def sample(self, n, rng):
        """n independent pairs x, y, both of shape (n, 1): those of `ToyForward`."""
        y, x = ToyForward().sample(n, rng)
        return x, y

    def _branches(self, x):
        low, high = x - 0.1, x + 0.1  # the y wanted are those with low < f(y) < high
        a, b, c = np.moveaxis(_roots(low), -1, 0)
        d, e, g = np.moveaxis(_roots(high), -1, 0)
        c = np.minimum(c, np.nextafter(1, 0))  # one float of width is left next to x = 1.1
        # f > low on [a, b] and [c, 1], f < high on [0, d] and [e, g]. One of the two sets
        # is a single interval: above the upper turning point [0, g], otherwise [a, 1].
        above = high[..., 0] >= _curve(_TURN)
        first = np.stack([a, np.where(above, b, d)], axis=-1)
        second = np.stack([np.where(above, c, e), g], axis=-1)
        joined = first[..., 1] == second[..., 0]
        first[joined, 1], second[joined] = second[joined, 1], np.nan
        both = np.stack([first, second], axis=-2)
        both[both[..., 0] >= both[..., 1]] = np.nan
        return np.sort(both, axis=-2)  # NaN goes last

    def _input_pdf(self, x):
        """p(x) = ∫ p(x|y) dy = Δ(x) / 0.2"""
        return self._intervals(x)[1].sum(axis=-1) / 0.2


# Other problems with one input


class SineInverse(_Problem):
    """``x = 7 sin(5y) + 0.5 y + 0.5 ε``, y ~ U(-1, 1), ε ~ N(0, 1): predict y from x.

    The inputs taken are those in [-20, 20]. p(x) is positive everywhere, but the curve
    stays within ±7.16: out there, 25 standard deviations of the noise from it, p(x) is
    below 1e-140, and the quadrature is not vouched for beyond.

    >>> problem = SineInverse()
    >>> x, y = problem.sample(1000, np.random.default_rng(0))
    >>> print(f"{problem.entropy:.4f}")
    -1.2749
    """

    support = (-20.0, 20.0)
    _edges = np.linspace(-20, 20, 41)

    def sample(self, n, rng):
        """n independent pairs x, y, both of shape (n, 1)."""
        return self._with_noise(rng.uniform(-1, 1, (n, 1)), rng)

    def grid_sample(self, n, rng):
        """n pairs whose targets are an even grid from -1 to 1; only the noise is random.

        >>> SineInverse().grid_sample(3, np.random.default_rng(0))[1].tolist()
        [[-1.0], [0.0], [1.0]]
        """
        return self._with_noise(np.linspace(-1, 1, n)[:, None], rng)

    def pdf(self, y, x):
        """``p(y|x) = N(x | f(y), 0.5²) / 2 p(x)`` for y in [-1, 1], otherwise 0.

        This is Bayes' rule: f(y) = 7 sin(5y) + 0.5 y, and p(y) = 1/2 on [-1, 1]. The
        integral over y in p(x) is computed to near rounding. The answer has shape (...).

        >>> SineInverse().pdf([[0.0], [0.6], [2.0]], [[0.0]]).round(4).tolist()
        [9.2317, 0.3347, 0.0]
        """
        y, x = _no_nan("y", y, 1), self._input(x)
        inside = np.abs(y) <= 1
        return (inside * self._joint(np.clip(y, -1, 1), x))[..., 0] / self._input_pdf(x)

    @cached_property
    def entropy(self):
        """``H(y|x) = H(y) + H(x|y) - H(x)`` in nats, with H(y) = ln 2."""
        x, w = self._inputs
        entropy_x = -w @ np.log(self._input_pdf(x))
        return float(np.log(2) + 0.5 * np.log(2 * np.pi * np.e * 0.5**2) - entropy_x)

    @staticmethod
    def _curve(y):
        return 7 * np.sin(5 * y) + 0.5 * y

    def _with_noise(self, y, rng):
        return self._curve(y) + 0.5 * rng.standard_normal(y.shape), y

    def _joint(self, y, x):
        """p(x, y) = N(x | f(y), 0.5²) / 2"""
        z = (x - self._curve(y)) / 0.5
        return np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)  # 1/2 over a σ of 1/2

    def _input_pdf(self, x):
        """p(x) = ∫ p(x, y) dy"""
        y, dy = _panels(np.linspace(-1, 1, 17))
        pieces = np.array_split(x.reshape(-1, 1), 1 + x.size // 4096)  # to save memory
        p = np.concatenate([self._joint(y, piece) @ dy for piece in pieces])
        return p.reshape(x.shape[:-1])


class TwoLanes(_Problem):
    """``y = c(x) + 0.6 ε₁ u(x) + (±d(x) + 0.08 ε₂) v(x)``, x ~ U(0, 1): predict y from x.

    A car has driven the share x of a road with two lanes: where is it? The road is the half
    circle c(x) = (sin πx, -cos πx). u(x) = (cos πx, sin πx) points along it and v(x) =
    (-sin πx, cos πx) across. The lanes, equally probable, lie at the distance d(x) =
    0.4 (1 - x) on either side of c(x) and merge toward the end. ε₁ and ε₂ are independent
    N(0, 1): how far along the road is uncertain, and less so where within the lane.

    So p(y|x) is a mixture of two Gaussians with one covariance, 0.6² u uᵀ + 0.08² v vᵀ. The
    correlation of y1 and y2 in each is 0 at x = 0, 0.5, 1; 0.965 at 0.25; -0.965 at 0.75.
    Up to x = 0.8 there are two modes, and one from there on.

    >>> problem = TwoLanes()
    >>> x, y = problem.sample(1000, np.random.default_rng(0))
    >>> x.shape, y.shape
    ((1000, 1), (1000, 2))
    >>> print(f"{problem.entropy:.4f}")
    0.3411
    """

    #: standard deviations along the road and within a lane
    scales = (0.6, 0.08)

    def sample(self, n, rng):
        """n independent pairs: x of shape (n, 1), and y of shape (n, 2)."""
        x = rng.uniform(0, 1, (n, 1))
        c, u, v, d = self._road(x)
        along, across = np.hsplit(self.scales * rng.standard_normal((n, 2)), 2)
        return x, c + along * u + (rng.choice([-1, 1], (n, 1)) * d + across) * v

    def pdf(self, y, x):
        """``N(s|0, 0.6²) (N(r|d, 0.08²) + N(r|-d, 0.08²)) / 2``, with y = c + s u + r v.

        >>> TwoLanes().pdf([[1.2, 0.0], [1.0, 0.0]], [[0.5]]).round(4).tolist()
        [1.6579, 0.1457]
        """
        y, (c, u, v, d) = _no_nan("y", y, 2), self._road(self._input(x))
        s, r = ((y - c) * u).sum(axis=-1), ((y - c) * v).sum(axis=-1)
        (along, across), d = self.scales, d[..., 0]
        lanes = norm.pdf(r, d, across) + norm.pdf(r, -d, across)
        return norm.pdf(s, 0, along) * lanes / 2

    def mean(self, x):
        """``E[y|x] = c(x)``, the middle of the road, where there may be no lane; (..., 2).

        >>> TwoLanes().mean([[0.25]]).round(4).tolist()
        [[0.7071, -0.7071]]
        """
        return self._road(self._input(x))[0]

    @cached_property
    def entropy(self):
        """``H(y|x) = H(s|x) + H(r|x)`` in nats, with y = c + s u + r v."""
        x, dx = self._inputs
        z, dz = _panels(np.linspace(-10, 10, 11))  # r = d + 0.08 z, from the lane at +d
        d = self._road(x)[3] / self.scales[1]
        other_lane = dx @ np.logaddexp(0, -2 * d * (z + d)) @ (dz * norm.pdf(z))
        one_lane = 2 * norm.entropy() + np.log(self.scales).sum()
        return float(one_lane + np.log(2) - other_lane)

    @staticmethod
    def _road(x):
        """c, u and v, all (..., 2), and d (..., 1)."""
        sin, cos = np.sin(np.pi * x), np.cos(np.pi * x)
        u, v = np.concatenate([cos, sin], axis=-1), np.concatenate([-sin, cos], axis=-1)
        return -v, u, v, 0.4 * (1 - x)


# An inverse problem of engineering


class RobotArm:
    """``(L1 cos θ1 - L2 cos(θ1+θ2), L1 sin θ1 - L2 sin(θ1+θ2))``: predict θ from it.

    L1 = 0.8 and L2 = 0.2; the angles, in radians, are independent and uniform,
    θ1 in (0.3, 1.2) and θ2 in (π/2, 3π/2). The network input is the position of the end of
    the arm, the target the pair of angles. There is no noise: given the position, the
    angles take one or two values, so the negative log-likelihood has no lower bound. Judge
    by the distance between the position wanted and the position reached.

    Source: Bishop (1994), *Mixture Density Networks*, report NCRG/94/004, Aston University.

    >>> arm = RobotArm()
    >>> position, theta = arm.sample(1000, np.random.default_rng(0))
    >>> print(f"{arm.two_solution_share:.3f} {arm.rms_position_error:.4f}")
    0.688 0.0584
    """

    #: L1 and L2
    lengths = (0.8, 0.2)
    #: the ends of θ1 and of θ2
    ranges = ((0.3, 1.2), (np.pi / 2, 3 * np.pi / 2))

    def sample(self, n, rng):
        """n independent pairs position, theta, both of shape (n, 2)."""
        theta = rng.uniform(*np.transpose(self.ranges), (n, 2))
        return self.forward(theta), theta

    def forward(self, theta):
        """The position, shape (..., 2); theta takes any value, and NaN gives NaN.

        >>> RobotArm().forward([[np.pi / 2, np.pi / 2]]).round(6).tolist()
        [[0.2, 0.8]]
        """
        theta = _array("theta", theta, 2)
        one, both = theta[..., 0], theta[..., 0] + theta[..., 1]
        L1, L2 = self.lengths
        position = (
            L1 * np.cos(one) - L2 * np.cos(both),
            L1 * np.sin(one) - L2 * np.sin(both),
        )
        return np.stack(position, axis=-1)

    def inverse(self, position):
        """``cos θ2 = (L1² + L2² - r²) / 2 L1 L2``, ``θ1 = φ + δ(θ2)``: both solutions.

        r and φ are the polar coordinates of the position, and δ(θ2) =
        atan2(L2 sin θ2, L1 - L2 cos θ2). The solutions θ2 and 2π - θ2 have opposite δ.

        Returns:
            Angles, shape (..., 2, 2). First the solution with θ2 <= π, then the other, each
            as (θ1, θ2). A solution outside ``ranges`` is NaN; rounding aside, 1e-9.

        >>> arm = RobotArm()
        >>> arm.inverse(arm.forward([[1.0, 3.0]])).round(4).tolist()
        [[[1.0, 3.0], [0.9435, 3.2832]]]
        """
        position = _no_nan("position", position, 2)
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

    def mean(self, position):
        """``E[θ|position]``, shape (..., 2): the plain average of the solutions.

        Angles are uniform, so a solution weighs ``1 / |det ∂position/∂θ|``, and
        that determinant, ``L1 L2 |sin θ2|``, is the same for θ2 and 2π - θ2: equal weights.
        A position out of reach raises a ValueError.

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

        It is that of the exact mean. The mean of two solutions is (φ, π): the arm is
        stretched out to radius L1 + L2. Where there is one solution, the error is 0.
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
