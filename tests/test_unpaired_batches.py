"""Batches of two sets without pairs: orders, windows, and the same batches again."""

import numpy as np
import pytest

from kgan.data import Batches, Store, UnpairedBatches

pytestmark = pytest.mark.backends("tensorflow", reason="there are no tensors in it")

# Each picture has a number of its own in all its pixels.
A = np.broadcast_to(np.arange(5.0, dtype="float32")[:, None, None, None], (5, 6, 4, 1))
B = -np.broadcast_to(np.arange(12.0)[:, None, None, None], (12, 4, 6, 3))


def numbers(batches, epoch):
    """Returns the numbers of the pictures of B and of A in an epoch."""
    count = len(batches)
    found = [batches.batch(epoch * count + i) for i in range(count)]
    for b, a in found:
        assert len(a) == len(b)
    return [np.concatenate([x[i][:, 0, 0, 0] for x in found]) for i in (0, 1)]


def test_an_epoch_shows_the_longer_set_once_and_repeats_the_shorter_in_new_orders():
    batches = UnpairedBatches(A, B, batch_size=5, seed=3)
    assert len(batches) == 3 and batches.last_size == 2
    b, a = numbers(batches, 0)
    assert sorted(-b) == list(range(12))
    first, second, rest = a[:5], a[5:10], a[10:]
    assert sorted(first) == sorted(second) == list(range(5))
    assert (first != second).any() and len(set(rest)) == 2
    # The orders of both sets differ, also where the sets are equally long.
    same = UnpairedBatches(A, A, batch_size=5, seed=3)
    orders = numbers(same, 0)
    assert (orders[0] != orders[1]).any()
    # Pictures meet by chance.
    met = {
        pair for epoch in range(40) for pair in zip(*numbers(same, epoch), strict=True)
    }
    assert len(met) == 25


def test_orders_and_windows_depend_on_seed_and_epoch_only():
    pixels = np.random.default_rng(0).normal(size=(7, 6, 6, 1))
    options = {"crop": 3, "batch_size": 2, "seed": 1}
    first = UnpairedBatches(pixels, pixels[:3], **options)
    count = 3 * len(first)
    wanted = [first.batch(i) for i in range(count)]
    again = UnpairedBatches(pixels, pixels[:3], **options)
    for number in reversed(range(count)):
        for x, y in zip(again.batch(number), wanted[number], strict=True):
            np.testing.assert_array_equal(x, y)
    for changed in ({"seed": 2}, {"epoch": 1}):
        other = UnpairedBatches(pixels, pixels[:3], **{**options, **changed})[0]
        assert any((x != y).any() for x, y in zip(other, wanted[0], strict=True))


def test_each_picture_has_a_window_of_its_own():
    pixels = np.arange(36.0).reshape(1, 6, 6, 1)
    batches = UnpairedBatches(pixels, pixels, crop=(3, 2), batch_size=1)
    pairs = [batches.batch(i) for i in range(200)]
    corners = {(b.min(), a.min()) for b, a in pairs}
    # 20 places of each window, so 400 pairs of places, of which some are not drawn.
    assert len({b for b, _ in corners}) == len({a for _, a in corners}) == 20
    assert len(corners) > 120
    mirrored = [bool(a[0, 0, 0, 0] > a[0, 0, 1, 0]) for _, a in pairs]
    assert abs(np.mean(mirrored) - 0.5) < 4 * 0.5 / np.sqrt(200)
    plain = UnpairedBatches(pixels, pixels, crop=(3, 2), batch_size=1, flip=False)
    assert all(a[0, 0, 0, 0] < a[0, 0, 1, 0] for _, a in map(plain.batch, range(50)))


def test_sets_in_their_order_begin_again():
    batches = UnpairedBatches(A, B, batch_size=8, shuffle=False, flip=False)
    b, a = numbers(batches, 1)
    np.testing.assert_array_equal(-b, np.arange(12))
    np.testing.assert_array_equal(a, np.arange(12) % 5)
    full = UnpairedBatches(A, B, batch_size=8, drop_remainder=True)
    assert isinstance(full, Batches) and len(full) == 1
    small = UnpairedBatches(A, B, batch_size=50, drop_remainder=True)
    assert len(small) == 1 and len(small[0][0]) == 12


def test_a_store_is_read_as_an_array(tmp_path):
    pixels = np.arange(7 * 6 * 5, dtype="uint8").reshape(7, 6, 5, 1)
    (tmp_path / "pixels").write_bytes(pixels.tobytes())
    store = Store(tmp_path / "pixels", pixels.shape)
    for found, wanted in zip(
        UnpairedBatches(store, store, crop=4, batch_size=4).batch(3),
        UnpairedBatches(pixels, pixels, crop=4, batch_size=4).batch(3),
        strict=True,
    ):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    "a, b, options, message",
    [
        (A[0], B, {}, r"`a` must be images.*shape \(6, 4, 1\)"),
        (A, [1, 2], {}, r"`b` must be images.*type list"),
        (A, B[:0], {}, r"`b` must be images"),
        (A, B, {"crop": 5}, r"at most the size.* Received: crop=5, a.shape=\(5, 6, 4"),
        (A, B, {"crop": (4, 0)}, r"`crop` must be an int, or \(height, w"),
        (A, B, {"flip": 1}, "`flip` must be True or False"),
    ],
)
def test_sets_and_windows_are_checked(a, b, options, message):
    with pytest.raises(ValueError, match=message):
        UnpairedBatches(a, b, **options)
