"""Metrics against numbers worked out by hand, closed forms and naive loops."""

import itertools
import tracemalloc

import numpy as np
import pytest

from kgan import data, metrics
from kgan.metrics import pairwise

pytestmark = pytest.mark.backends("tensorflow", reason="there are no tensors in it")

RANDOM = np.random.default_rng(0)
A, B = RANDOM.normal(size=(300, 6)), RANDOM.normal(1, 2, (200, 6))


def square(x):
    """Features of mean 0 and exactly the covariance x, 2 d of them."""
    d = len(x)
    rows = np.linalg.cholesky(x).T * np.sqrt((2 * d - 1) / 2)
    return np.concatenate([rows, -rows])


def test_statistics_are_those_of_numpy():
    x = RANDOM.normal(5, 2, (3000, 4)).astype("float32")
    found = metrics.statistics(x)
    np.testing.assert_allclose(found.mean, x.mean(0, "float64"), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(x.T, dtype="float64"), rtol=1e-10)
    assert found.size == 3000


def test_frechet_of_gaussians_is_the_closed_form():
    # For covariances that commute the trace is that of (root a - root b)^2.
    basis = np.linalg.qr(RANDOM.normal(size=(5, 5)))[0]
    a, b = np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 0.5, 9, 4, 1])
    covariances = [basis * x @ basis.T for x in (a, b)]
    shift = np.arange(5.0)
    first, second = square(covariances[0]), square(covariances[1]) + shift
    expected = shift @ shift + ((np.sqrt(a) - np.sqrt(b)) ** 2).sum()
    assert metrics.frechet_distance(first, second) == pytest.approx(expected, rel=1e-11)


def test_frechet_is_that_of_eigenvalues_of_the_product():
    cov = [np.cov(x.T) for x in (A, B)]
    roots = np.sqrt(np.linalg.eigvals(cov[0] @ cov[1]).real).sum()
    shift = A.mean(0) - B.mean(0)
    expected = shift @ shift + np.trace(cov[0] + cov[1]) - 2 * roots
    assert metrics.frechet_distance(A, B) == pytest.approx(expected, rel=1e-11)
    rounded = [np.rint(10 * x).astype("int64") for x in (A, B)]
    floats = [x.astype("float64").tolist() for x in rounded]
    assert metrics.frechet_distance(*rounded) == metrics.frechet_distance(*floats)
    given = metrics.statistics(A), metrics.statistics(B)
    assert metrics.frechet_distance(*given) == metrics.frechet_distance(A, B)
    single = metrics.frechet_distance(A.astype("float32"), B.astype("float32"))
    assert single == pytest.approx(expected, rel=1e-5)


def test_frechet_of_fewer_samples_than_features():
    x, y = RANDOM.normal(size=(40, 200)), RANDOM.normal(0.1, 1.5, (30, 200))
    # (a b)^(1/2) has the eigenvalues that the centred samples' product has as its
    # singular values: no root is taken of what is zero but for rounding.
    centred = [(z - z.mean(0)) / np.sqrt(len(z) - 1) for z in (x, y)]
    cross = np.linalg.svd(centred[0] @ centred[1].T, compute_uv=False).sum()
    shift = x.mean(0) - y.mean(0)
    expected = shift @ shift + sum((z**2).sum() for z in centred) - 2 * cross
    assert metrics.frechet_distance(x, y) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("shape", [(50, 100), (500, 20)])
def test_the_same_set_is_at_no_distance(shape):
    x = RANDOM.normal(3, 1, shape)
    assert metrics.frechet_distance(x, x) < 1e-10 * shape[1]
    assert metrics.frechet_distance(x, x[::-1]) < 1e-10 * shape[1]
    twice = np.concatenate([x, x])
    # Only the n - 1 of the covariance differs.
    factor = np.sqrt((2 * (len(x) - 1)) / (2 * len(x) - 1))
    expected = np.trace(np.cov(x.T)) * (1 - factor) ** 2
    found = metrics.frechet_distance(x, twice)
    assert found == pytest.approx(expected, rel=1e-6)


def test_the_extrapolated_distance_has_less_bias():
    real = metrics.Statistics(np.zeros(8), np.eye(8), 10**9)
    plain, infinite = [], []
    for seed in range(20):
        fake = np.random.default_rng(seed).normal(size=(200, 8))
        plain.append(metrics.frechet_distance(real, fake))
        infinite.append(metrics.frechet_distance_infinity(real, fake, seed=seed))
    # The true distance is 0.
    assert np.mean(plain) > 0.1 and abs(np.mean(infinite)) < 0.3 * np.mean(plain)
    repeated = metrics.frechet_distance_infinity(real, fake, seed=19)
    assert repeated == infinite[-1]


def naive_kernel(x, y):
    d = x.shape[1]

    def k(u, v):
        return (u @ v / d + 1) ** 3

    pairs = itertools.permutations(range(len(x)), 2)
    own = sum(k(x[i], x[j]) + k(y[i], y[j]) for i, j in pairs)
    cross = sum(k(u, v) for u in x for v in y)
    return own / (len(x) * (len(x) - 1)) - 2 * cross / len(x) ** 2


def test_kernel_distance_is_the_unbiased_mean_over_subsets():
    random = np.random.RandomState(2020)
    expected = []
    for _ in range(3):
        x = A[random.choice(300, 20, replace=False)]
        expected.append(naive_kernel(x, B[random.choice(200, 20, replace=False)]))
    found = metrics.kernel_distances(A, B, 3, 20, seed=2020)
    np.testing.assert_allclose(found, expected, rtol=1e-11)
    mean = metrics.kernel_distance(A, B, 3, 20, seed=2020)
    assert mean == pytest.approx(np.mean(expected), rel=1e-11)


def test_kernel_distance_has_no_bias():
    values = [
        metrics.kernel_distance(x[:50], x[50:], 10, 40)
        for x in np.random.default_rng(1).normal(size=(60, 100, 4))
    ]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(60)


def test_inception_score_of_parts():
    p = RANDOM.dirichlet(np.ones(4), size=11)
    scores = []
    for part in (p[:3], p[3:7], p[7:]):
        divergence = (part * np.log(part / part.mean(0))).sum(1).mean()
        scores.append(np.exp(divergence))
    found = metrics.inception_score(p, splits=3)
    assert found == pytest.approx(np.mean(scores), rel=1e-12)
    # Certain of one class, always the same: nothing is told apart.
    assert metrics.inception_score(np.eye(3)[[0] * 9], splits=3) == 1


def naive_radii(x, k):
    return [sorted(np.linalg.norm(x - u, axis=1))[k] for u in x]


@pytest.mark.parametrize("k", [1, 3])
def test_neighbours_are_those_of_naive_loops(k):
    real, fake = A[:60], B[:50] * 0.5
    balls, others = naive_radii(real, k), naive_radii(fake, k)
    distances = np.linalg.norm(real[:, None] - fake[None], axis=2)
    in_real = distances < np.array(balls)[:, None]
    in_fake = distances < np.array(others)[None]
    expected = in_real.any(0).mean(), in_fake.any(1).mean()
    assert metrics.precision_recall(real, fake, k) == pytest.approx(expected)
    expected = in_real.sum(0).mean() / k, in_real.any(1).mean()
    assert metrics.density_coverage(real, fake, k) == pytest.approx(expected)


def test_neighbours_of_more_samples_than_a_block():
    real, fake = RANDOM.normal(size=(1300, 3)), RANDOM.normal(0.5, 1, (600, 3))
    both = metrics.precision_recall(real, fake), metrics.density_coverage(real, fake)
    order = RANDOM.permutation(1300)
    again = (
        metrics.precision_recall(real[order], fake),
        metrics.density_coverage(real[order], fake),
    )
    np.testing.assert_allclose(both, again, rtol=1e-12)
    assert 0.5 < both[0][0] < 1


def test_the_same_set_is_its_own_neighbour():
    x = np.repeat(RANDOM.normal(100, 1, (40, 50)), 2, axis=0)
    assert metrics.precision_recall(x, x) == (1.0, 1.0)
    density, coverage = metrics.density_coverage(A, A)
    assert coverage == 1 and density == pytest.approx(1)


def lattice(count, length):
    return RANDOM.integers(0, 3, (count, length)).astype("float64")


TWINS = RANDOM.normal(3, 1, (150, 33))
TIES = {
    "lattice": (lattice(200, 4), lattice(150, 4)),
    "lattice far from 0": (lattice(200, 5) + 1000, lattice(150, 5) + 1000),
    "the same in another order": (TWINS, TWINS[RANDOM.permutation(150)]),
    "some of the same": (TWINS.astype("float32"), TWINS.astype("float32")[40:90]),
    "each four times": (np.repeat(TWINS, 4, axis=0)[:200], TWINS + 0.5),
    "one far away": (
        np.concatenate([TWINS, np.full((1, 33), 1e7)]),
        np.concatenate([TWINS + 0.1, np.full((1, 33), -1e8)]),
    ),
}


@pytest.mark.parametrize("k", [3, 5])
@pytest.mark.parametrize("kind", TIES)
def test_neighbours_at_equal_distances(kind, k):
    real, fake = TIES[kind]
    exact = [
        # Sums of squares in an order that is the same for all pairs.
        ((a[:, None].astype("float64") - b[None]) ** 2).sum(axis=2)
        for a, b in ((real, real), (fake, fake), (real, fake))
    ]
    balls, others = (np.sort(x, axis=1)[:, k] for x in exact[:2])
    covered = exact[2] <= balls[:, None]
    precision, recall = covered.any(0).mean(), (exact[2] <= others).any(1).mean()
    assert metrics.precision_recall(real, fake, k) == (precision, recall)
    inside = exact[2] < balls[:, None]
    expected = inside.sum() / k / len(fake), inside.any(1).mean()
    assert metrics.density_coverage(real, fake, k) == pytest.approx(expected, rel=1e-12)


def test_neighbours_take_memory_for_a_few_rows_only():
    x = RANDOM.normal(size=(4000, 3))
    tracemalloc.start()
    metrics.density_coverage(x, x + 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # All distances at once would be 128 MB, and twice that for a moment.
    assert peak < 30e6


def naive_neighbours(real, fake, k):
    """Indices and distances; the first of equal distances first."""
    a, b = (np.reshape(x, (len(x), -1)).astype("float64") for x in (real, fake))
    distances = np.linalg.norm(b[:, None] - a[None], axis=2)
    indices = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return indices, np.take_along_axis(distances, indices, axis=1)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("kind", ["features", "far features", "pixels", "store"])
def test_nearest_neighbours_are_those_of_naive_loops(kind, k, monkeypatch, tmp_path):
    # Several parts of reals, and several blocks of fakes.
    monkeypatch.setattr(metrics.nearest, "_PART", 100)
    if "features" in kind:
        real, fake = (RANDOM.normal(size=(n, 5)) for n in (350, 300))
        shift = 1e4 if "far" in kind else 0.0
        real, fake = real + shift, fake + shift
    else:
        # Few values, so that many distances are equal.
        real, fake = (RANDOM.integers(0, 3, (n, 2, 2, 1), "uint8") for n in (350, 300))
    expected = naive_neighbours(real, fake, k)
    if kind == "store":
        (tmp_path / "pixels").write_bytes(real.tobytes())
        real = data.Store(tmp_path / "pixels", real.shape)
    found = metrics.nearest_neighbors(real, fake, k)
    np.testing.assert_array_equal(found.indices, expected[0])
    np.testing.assert_allclose(found.distances, expected[1], rtol=1e-12)


def test_a_copy_of_a_real_is_at_distance_0():
    real = RANDOM.normal(1e3, 1, (50, 7))
    found = metrics.nearest_neighbors(real, real[::-1])
    np.testing.assert_array_equal(found.indices[:, 0], np.arange(50)[::-1])
    assert not found.distances.any()


def test_nearest_neighbours_by_the_features_of_an_extractor():
    real, fake = (RANDOM.integers(0, 256, (n, 4, 4, 1), "uint8") for n in (9, 5))
    brightness = metrics.Function(lambda x: x.mean(axis=(1, 2)), "brightness")
    found = metrics.nearest_neighbors(real, fake, 2, brightness)
    means = (x.mean(axis=(1, 2, 3))[:, None] for x in (real, fake))
    for values, expected in zip(found, naive_neighbours(*means, 2), strict=True):
        np.testing.assert_allclose(values, expected)


def test_nearest_neighbours_take_memory_for_some_reals_only():
    real, fake = (RANDOM.integers(0, 256, (n, 2, 2, 1), "uint8") for n in (20_000, 600))
    tracemalloc.start()
    metrics.nearest_neighbors(real, fake)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # All distances at once would be 96 MB.
    assert peak < 45e6


def test_counts_of_numpy_are_accepted():
    two, five = np.int64(2), np.int32(5)
    assert metrics.precision_recall(A, B, two) == metrics.precision_recall(A, B, 2)
    found = metrics.kernel_distance(A, B, two, five, seed=two)
    assert found == metrics.kernel_distance(A, B, 2, 5, seed=2)


def test_distances_of_all_rows_are_those_of_naive_loops():
    x = RANDOM.normal(50, 1, (300, 7))
    x[9] = x[4]
    found = pairwise.distances(x)
    expected = np.linalg.norm(x[:, None] - x[None], axis=2)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    apart = expected > 0
    np.testing.assert_allclose(found[apart], expected[apart], rtol=1e-8)
    # Equal rows are at distance 0, not at that of rounding.
    assert found[9, 4] == found[4, 9] == 0 and not found.diagonal().any()


def test_mode_coverage_by_hand():
    found = metrics.mode_coverage([0, 0, 0, 2, -1], reference=4)
    expected = 0.75 * np.log(0.75 / 0.25) + 0.25 * np.log(0.25 / 0.25)
    assert found.covered == 2
    assert found.reverse_kl == pytest.approx(expected, rel=1e-12)
    assert metrics.mode_coverage([0, 1, 1], [1, 2]).reverse_kl == pytest.approx(0)


def test_order_changes_nothing():
    order = RANDOM.permutation(300)
    for metric in (metrics.frechet_distance, metrics.precision_recall):
        np.testing.assert_allclose(metric(A[order], B), metric(A, B), rtol=1e-9)


BAD = A.copy()
BAD[7, 2] = np.nan


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda: metrics.frechet_distance(BAD, B),
            "bad values in 1 of 300 samples",
        ),
        (lambda: metrics.frechet_distance(A[:1], B), "too few"),
        (lambda: metrics.frechet_distance(A[:, :3], B), "same length"),
        (lambda: metrics.frechet_distance(A > 0, B), "dtype bool"),
        (lambda: metrics.kernel_distance(A, B), "at least 1000"),
        (lambda: metrics.kernel_distance(A, B, 0), "subsets=0"),
        (lambda: metrics.kernel_distance(A, B[:, :2], 1, 5), "same length"),
        (lambda: metrics.inception_score(A), "probabilities from"),
        (lambda: metrics.inception_score(np.eye(3)), "at least 10"),
        (lambda: metrics.precision_recall(A, B[:3]), "at least 4"),
        (lambda: metrics.density_coverage(A, B, 0), "k=0"),
        (lambda: metrics.density_coverage(A, B, True), "k=True"),
        (lambda: metrics.nearest_neighbors(A, B, 301), "k=301"),
        (lambda: metrics.nearest_neighbors(A, B[:, :2]), r"shape \(\d+, 2\)"),
        (lambda: metrics.nearest_neighbors(A, B > 0), "dtype bool"),
        (lambda: metrics.nearest_neighbors(A, B.astype("uint8")), "dtype uint8"),
        (lambda: metrics.nearest_neighbors(A[:0], B), "too few"),
        (lambda: metrics.nearest_neighbors(A, BAD), "in 1 of 300"),
        (lambda: metrics.nearest_neighbors(A, B, extractor="x"), "extractor='x'"),
        (lambda: metrics.kernel_distance(A, B, 1, 5, seed=-1), "seed=-1"),
        (lambda: metrics.precision_recall(A, B, 2.5), "k=2.5"),
        (lambda: metrics.inception_score(np.eye(30), 1.0), "splits=1.0"),
        (lambda: metrics.frechet_distance(A[:, :0], B[:, :0]), r"shape \(300, 0\)"),
        (lambda: metrics.frechet_distance([[1.0], [1.0, 2.0]], B), "several lengths"),
        (lambda: metrics.frechet_distance(A * 1e200, B), "in 300 of 300 samples"),
        (lambda: metrics.mode_coverage([0], 0), "reference=0"),
        (lambda: metrics.mode_coverage([0], [0.5, np.nan]), "reference=.0.5, nan"),
        (lambda: metrics.mode_coverage(["a"], 3), "dtype <U1"),
        (lambda: metrics.mode_coverage([-1], 3), "at least one"),
        (lambda: metrics.mode_coverage([3], 3), "up to 3"),
        (lambda: metrics.frechet_distance_infinity(A, B, points=1), "points=1"),
    ],
)
def test_invalid_features_and_arguments_raise(call, message):
    with pytest.raises(ValueError, match=f"Received: .*{message}|{message}.*Received: "):
        call()
