"""What the functions take, and what they refuse: alike in the three modules."""

import numpy as np
import pytest
from oracles import Table, draw, random_rows
from tolerances import VALUE, assert_close

import mdn_utils
from mdn_utils import numpy as mdn

GOOD = {
    "y": np.zeros((4, 2)),
    "log_pi": np.log(np.full((4, 3), 1 / 3)),
    "mu": np.zeros((4, 3, 2)),
    "log_sigma": np.zeros((4, 3, 2)),
}
UNIT = np.tile(np.eye(2), (4, 3, 1, 1))
DENSITIES = ("log_prob", "nll")
ALL = (*DENSITIES, "mean", "variance", "covariance", "mode", "sample")


def call(library, function, **arguments):
    """A function with its arguments by name, without those that it does not have."""
    if function not in DENSITIES:
        arguments.pop("y", None)
    if function == "mode" and arguments.get("log_sigma") is not None:
        arguments.setdefault("kind", "peak")
    arguments = {
        name: library.tensor(a) if isinstance(a, np.ndarray) else a
        for name, a in arguments.items()
    }
    return library.array(getattr(library.mdn, function)(**arguments))


def refuses(library, function, message, **arguments):
    with pytest.raises(ValueError, match=message) as caught:
        call(library, function, **arguments)
    assert "got" in str(caught.value)  # what was received, as in every message
    assert "\n" not in str(caught.value)


def factors(corner):
    """unit_tril with another number in one corner of the diagonal."""
    wrong = UNIT.copy()
    wrong[1, 1, 1, 1] = corner
    return {"unit_tril": wrong}


def columns(shape):
    return {name: np.zeros(s) for name, s in zip(("mu", "log_sigma"), shape, strict=True)}


NAN = float("nan")
BAD = [  # functions, what is changed, what the message says
    (DENSITIES, {"y": np.zeros(4)}, r"y must have shape .*got shape \(4,\)"),
    (DENSITIES, {"y": np.zeros(2)}, r"y must .*got shape \(2,\)"),
    (DENSITIES, {"y": np.zeros((4, 1))}, r"y must .*got shape \(4, 1\)"),
    (DENSITIES, {"y": np.zeros((5, 2))}, r"y and mu must .*\(5,\) and \(4,\)"),
    (DENSITIES, {"y": np.array([[0.0, NAN]] * 4)}, r"y .*NaN, got 4 NaN in shape \(4, 2\)"),
    (["nll"], {"y": np.zeros((4, 1, 2))}, r"y must have one target .*\(4, 1\) with rows"),
    (["nll"], {"y": np.zeros((1, 2))}, r"y must have one target .*\(1,\) with rows \(4,\)"),
    (ALL, {"log_pi": np.zeros((4, 0)), **columns([(4, 0, 2)] * 2)}, "log_pi .*K >= 1, got"),
    (ALL, {"y": np.zeros((4, 0)), **columns([(4, 3, 0)] * 2)}, r"mu .*D >= 1.*\(4, 3, 0\)"),
    (ALL, {"log_pi": np.zeros(())}, r"log_pi must .*got shape \(\)"),
    (ALL, {"mu": np.zeros((4, 3))}, r"mu must .*got shape \(4, 3\)"),
    (ALL, {"mu": np.zeros((4, 5, 2))}, r"mu must .*got shape \(4, 5, 2\)"),
    (ALL, columns([(5, 3, 2)] * 2), r"mu and log_pi must .*got \(5,\) and \(4,\)"),
    (ALL, {"log_sigma": np.zeros((4, 3))}, r"log_sigma .*as many axes as mu.*\(4, 3\)"),
    (ALL, {"log_sigma": np.zeros((4, 2, 2))}, r"log_sigma .*or 1, got shape \(4, 2, 2\)"),
    (ALL, {"log_sigma": UNIT}, r"log_sigma .*split_cholesky.*got shape \(4, 3, 2, 2\)"),
    (
        ("log_prob", "nll", "variance", "covariance", "sample"),
        {"log_sigma": None, "unit_tril": UNIT},
        "log_sigma must be given",
    ),
    (ALL, {"unit_tril": np.ones((4, 3, 2, 1))}, r"unit_tril .*\(4, 3, 2, 1\)"),
    (ALL, {"unit_tril": np.ones((5, 3, 2, 2))}, r"unit_tril .*\(5, 3, 2, 2\)"),
    *((ALL, factors(n), "unit_tril must have ones .*split_cholesky") for n in (-1, 2)),
    (ALL, factors(NAN), "unit_tril must .*got"),
    *(
        (("mode", "sample"), {name: np.full(GOOD[name].shape, NAN)}, f"{name} .*NaN, got")
        for name in ("log_pi", "mu", "log_sigma")
    ),
    (["mode"], {"kind": "best"}, r"kind must be one of .*got 'best'"),
    (["sample"], {"n": -1}, r"n must be None or an integer >= 0, got -1"),
    (["sample"], {"n": 2.0}, r"n must be .*got 2.0"),
    *(
        (["sample"], {"temperature": t}, f"temperature must be a finite .*got {t}")
        for t in (-0.5, NAN, float("inf"))
    ),
    *((["sample"], {"seed": s}, f"seed must be .*got {s!r}") for s in (-1, "x", 1.5, True)),
]


@pytest.mark.parametrize("case", range(len(BAD)), ids=lambda i: BAD[i][2][:20])
def test_what_does_not_fit_is_refused_in_one_sentence(library, case):
    functions, changes, message = BAD[case]
    for function in functions:
        refuses(library, function, message, **{**GOOD, **changes})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.zeros(3)}, r"y must have shape .*got shape \(3,\) with mu of shape"),
        ({"y": np.array([NAN])}, r"y must not contain NaN, got 1 NaN"),
        ({"mu": np.zeros(3)}, r"mu must have shape .*got shape \(3,\)"),
        ({"mu": np.zeros((0, 1))}, r"mu must have shape .*got shape \(0, 1\)"),
        ({"var": np.ones(3)}, r"var must have shape .*axes as mu.*got shape \(3,\)"),
        ({"var": np.array([[1.0], [0.0], [2.0]])}, r"var must be positive, got 0.0"),
    ],
)
def test_what_component_pdf_refuses(library, change, message):
    good = {"y": np.zeros(1), "mu": np.zeros((3, 1)), "var": np.ones((3, 1))}
    with pytest.raises(ValueError, match=message):
        library("component_pdf", *(good | change).values())


def test_what_the_functions_of_numpy_alone_refuse():
    params = np.log([0.5, 0.5]), [[-1.0], [1.0]], np.zeros((2, 1))
    for p in (-0.1, 1.1, np.nan, [0.5, 2.0]):
        with pytest.raises(ValueError, match=r"p must lie in \[0, 1\], got"):
            mdn.quantile(p, *params)
    wide = params[0], np.zeros((2, 2)), np.zeros((2, 2))
    for first, function in (([0, 0], mdn.cdf), (0.5, mdn.quantile), ([0, 0], mdn.crps)):
        with pytest.raises(ValueError, match=r"asks for one target.*got shape \(2, 2\)"):
            function(first, *wide)
    with pytest.raises(ValueError, match=r"p and mu must .*\(3,\) and \(4,"):
        mdn.quantile([0.1, 0.5, 0.9], *random_rows(0, 4, 2))


# Weights that do not sum to one


def weighted(library, log_pi, dtype="float64"):
    """Whether each function takes this log_pi, or raises the sentence."""
    given = {name: a.astype(dtype) for name, a in GOOD.items()}
    given["log_pi"] = np.broadcast_to(np.asarray(log_pi, dtype), (4, 3))
    for function in ALL:
        yield lambda f=function: call(library, f, **given)
    for kind in ("component", "exact"):
        yield lambda kind=kind: call(library, "mode", **given, kind=kind)
    if library.name == "numpy":
        narrow = given["log_pi"], given["mu"][..., :1], given["log_sigma"][..., :1]
        for function, first in ((mdn.cdf, [0.0]), (mdn.crps, [0.0]), (mdn.quantile, 0.3)):
            first = np.broadcast_to(first, (4, *np.shape(first)))
            yield lambda f=function, y=first: f(y, *narrow)


def off_by(share):
    return np.log(np.array([0.2, 0.3, 0.5]) * (1 + share))


@pytest.mark.parametrize(
    "log_pi", [[1.0, -2.0, 0.5], [0.2, 0.3, 0.5], [0, 0, 0], off_by(0.02), off_by(-0.02)]
)
def test_log_pi_that_does_not_sum_to_one_is_refused(library, dtype, log_pi):
    """Logits, the weights themselves, a log softmax that someone forgot."""
    for function in weighted(library, log_pi, dtype):
        with pytest.raises(ValueError, match=r"log_pi must .*sum.*got .*softmax") as caught:
            function()
        assert "\n" not in str(caught.value)
    mdn_utils.check_values(False)
    try:
        for function in list(weighted(library, log_pi, dtype))[:9]:  # without quantile
            assert np.isfinite(function()).all()
    finally:
        mdn_utils.check_values()


def test_log_pi_that_rounding_has_touched_is_taken(library, dtype):
    for share in (0.005, -0.005):
        for function in weighted(library, off_by(share), dtype):
            assert np.isfinite(function()).all()


def test_half_precision_has_more_room(library):
    for share in (0.04, -0.04):
        for function in weighted(library, off_by(share), "float16"):
            assert np.isfinite(function()).all()
    for share in (0.08, -0.08):
        for function in weighted(library, off_by(share), "float16"):
            with pytest.raises(ValueError, match="log_pi must"):
                function()


def test_the_switch_leaves_shapes_checked_and_nan_alone(library):
    hole = {**GOOD, "y": np.array([[0.0, NAN]] * 4)}
    mdn_utils.check_values(False)
    try:
        assert np.isnan(call(library, "log_prob", **hole)).all()
        refuses(library, "log_prob", "y must have shape", **{**GOOD, "y": np.zeros(4)})
    finally:
        mdn_utils.check_values(True)
    refuses(library, "log_prob", "y must not contain NaN", **hole)


# One and the same thing in many forms


Y = np.array([[3, -1], [0, 2], [5, 4], [1, 1]])
FORMS = {
    "int": Y,
    "int32": Y.astype("int32"),
    "float64": Y.astype("float64"),
    "float16": Y.astype("float16"),
    "lists": Y.tolist(),
    "a DataFrame": Table(Y),
    "a DataFrame of floats": Table(Y.astype("float32")),
    "negative strides": np.ascontiguousarray(Y[::-1, ::-1])[::-1, ::-1],
    "Fortran order": np.asfortranarray(Y),
    "another byte order": Y.astype(">f8"),
    "not writable": np.broadcast_to(Y, Y.shape),
}


@pytest.mark.parametrize("form", FORMS)
def test_targets_of_any_kind_are_the_same_targets(library, dtype, form, rng):
    """The parameters stay what they are: tensors of one dtype, as a network gives them."""
    params = draw(rng, "full", (4,), 3, 2, dtype)
    expected = mdn.log_prob(Y.astype("float64"), *params)
    given = list(map(library.tensor, params))
    actual = library.array(library.mdn.log_prob(FORMS[form], *given))
    assert_close(actual, expected, VALUE[dtype])
    assert_close(library.mdn.nll(FORMS[form], *given), -expected.mean(), VALUE[dtype])
    column = Table(Y[0])  # a Series: one target, one mixture
    one = library.mdn.log_prob(column, *(a[0] for a in given))
    assert_close(library.array(one), expected[0], VALUE[dtype])


def test_tensors_of_any_dtype_are_the_same_targets(framework, dtype, rng):
    params = draw(rng, "diagonal", (4,), 3, 2, dtype)
    expected = mdn.log_prob(Y, *params)
    given = list(map(framework.tensor, params))
    for other in ("int64", "int32", "float64", "float32", "float16"):
        y = framework.tensor(Y, other)
        rows = [framework.tensor(row, other) for row in Y]  # a list of tensors
        for targets in (y, rows):
            actual = framework.mdn.log_prob(targets, *given)
            assert_close(framework.array(actual), expected, VALUE[dtype])
            assert framework.array(actual).dtype == dtype
    single = [framework.tensor(a.astype("float64")) for a in params]
    single[1] = given[1]  # the others may have another dtype than mu
    assert framework.array(framework.mdn.log_prob(Y, *single)).dtype == dtype


# Seeds


def sample(library, seed):
    some = random_rows(0, 3, 4)
    return library("sample", *some, n=5, seed=seed)


def test_integers_of_every_type_are_the_same_seed(library):
    expected = sample(library, 3)
    for seed in (3, np.int32(3), np.int64(3), np.uint8(3), np.uint64(3)):
        assert_close(sample(library, seed), expected, 0)
    for seed in (True, -1, 3.0, "3", np.bool_(True), np.int64(-1)):
        with pytest.raises(ValueError, match=r"seed must be .*got"):
            sample(library, seed)


@pytest.mark.parametrize("seed", [2**31, 2**40, 2**63, 2**64 - 1, 2**64, 2**100])
def test_large_seeds_draw_alike_in_the_three_modules(library, seed):
    first = sample(library, seed)
    assert_close(sample(library, seed), first, 0)
    assert (sample(library, seed + 1) != first).all()
    as_numpy = np.uint64(seed) if seed < 2**64 else seed
    assert_close(sample(library, as_numpy), first, 0)
