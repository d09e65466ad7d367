"""Batches of pairs of pictures: windows, mirror images, and the same batches again."""

import numpy as np
import pytest

from kgan.data import Batches, PairBatches, Store

pytestmark = pytest.mark.backends("tensorflow", reason="there are no tensors in it")

# Each pixel is another number, and a target is its source negated.
SOURCES = np.arange(5 * 7 * 6, dtype="float32").reshape(5, 7, 6, 1)
TARGETS = -SOURCES


def store(folder, images):
    path = folder / f"{images.shape}.uint8"
    path.write_bytes(images.astype("uint8").tobytes())
    return Store(path, images.shape)


def epochs(batches, count):
    numbers = range(count * len(batches))
    return [batches.batch(number) for number in numbers]


def windows(crop=(4, 3), **options):
    """Draws many windows: the number of the picture, top, left and whether mirrored."""
    found = []
    batches = PairBatches(SOURCES, TARGETS, crop, batch_size=2, **options)
    for targets, sources in epochs(batches, 60):
        np.testing.assert_array_equal(targets, -sources)
        assert sources.shape[1:] == (*crop, 1)
        for image in sources[..., 0]:
            mirrored = bool(image[0, 0] > image[0, 1])
            image = image[:, ::-1] if mirrored else image
            number, place = divmod(int(image[0, 0]), 7 * 6)
            top, left = divmod(place, 6)
            whole = SOURCES[number, top : top + crop[0], left : left + crop[1], 0]
            np.testing.assert_array_equal(image, whole)
            found.append((number, top, left, mirrored))
    return found


def test_all_windows_are_cut_from_both_pictures_alike():
    found = windows()
    assert {place[1:3] for place in found} == set(np.ndindex(4, 4))
    assert {place[0] for place in found} == set(range(5))
    share = np.mean([mirrored for *_, mirrored in found])
    # 300 coins: four standard deviations.
    assert abs(share - 0.5) < 4 * 0.5 / np.sqrt(300)
    assert not any(mirrored for *_, mirrored in windows(flip=False))


def test_a_margin_moves_pictures_and_repeats_their_borders():
    places = set()
    wide = np.pad(SOURCES, ((0, 0), (2, 2), (2, 2), (0, 0)), "edge")
    batches = PairBatches(SOURCES, TARGETS, flip=False, batch_size=1, margin=2)
    np.testing.assert_array_equal(batches.labels, SOURCES)
    for targets, sources in epochs(batches, 60):
        np.testing.assert_array_equal(targets, -sources)
        number = int(sources[0, 3, 3, 0]) // (7 * 6)
        (place,) = (
            (top, left)
            for top, left in np.ndindex(5, 5)
            if (wide[number, top : top + 7, left : left + 6] == sources[0]).all()
        )
        places.add(place)
    assert places == set(np.ndindex(5, 5))


def test_windows_of_one_place_are_whole_pictures():
    batches = PairBatches(SOURCES, TARGETS, crop=(7, 6), flip=False, shuffle=False)
    for images, whole in zip(batches[0], (TARGETS, SOURCES), strict=True):
        np.testing.assert_array_equal(images, whole)


def test_pairs_are_in_the_order_of_batches():
    pairs = PairBatches(SOURCES, TARGETS, flip=False, batch_size=2, seed=3)
    plain = Batches(TARGETS, 2, seed=3, labels=SOURCES)
    assert len(pairs) == len(plain) == 3
    for number in range(9):
        for found, expected in zip(pairs.batch(number), plain.batch(number), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_a_batch_depends_on_the_seed_and_its_number_only():
    options = {"crop": 4, "batch_size": 2, "seed": 1}
    first = epochs(PairBatches(SOURCES, TARGETS, **options), 3)
    again = PairBatches(SOURCES, TARGETS, **options)
    for number in (7, 2, 7, 0):
        np.testing.assert_array_equal(again.batch(number)[0], first[number][0])
    # Keras counts the epochs itself.
    again.on_epoch_end()
    np.testing.assert_array_equal(again[1][0], first[len(again) + 1][0])
    other = epochs(PairBatches(SOURCES, TARGETS, **{**options, "seed": 2}), 3)
    assert all((a[0] != b[0]).any() for a, b in zip(first, other, strict=True))


def test_windows_differ_from_batch_to_batch_and_from_epoch_to_epoch():
    one = np.repeat(SOURCES[:1], 6, axis=0)
    batches = PairBatches(one, -one, crop=2, batch_size=3, shuffle=False)
    found = [targets.tobytes() for targets, _ in epochs(batches, 4)]
    assert len(set(found)) == 8


def test_the_gan_sees_the_size_of_the_windows(tmp_path):
    batches = PairBatches(SOURCES, TARGETS, crop=(3, 4))
    assert batches.x.shape == batches.labels.shape == (5, 3, 4, 1)
    np.testing.assert_array_equal(batches.x, TARGETS[:, 2:5, 1:5])
    np.testing.assert_array_equal(batches.labels, SOURCES[:, 2:5, 1:5])
    on_disk = PairBatches(store(tmp_path, SOURCES), store(tmp_path, SOURCES), (3, 4))
    assert isinstance(on_disk.x, Store) and on_disk.x.shape == (5, 3, 4, 1)
    np.testing.assert_array_equal(on_disk.x[:], SOURCES[:, 2:5, 1:5])
    arrays = PairBatches(SOURCES, SOURCES, (3, 4))
    np.testing.assert_array_equal(on_disk.batch(4)[0], arrays.batch(4)[0])


def test_windows_of_a_store_are_parts_like_others(tmp_path):
    whole = store(tmp_path, SOURCES)
    inner = whole.window(1, 2, 5, 4).window(1, 1, 3, 2)
    expected = SOURCES[:, 2:5, 3:5]
    assert inner.shape == expected.shape
    np.testing.assert_array_equal(inner[:], expected)
    np.testing.assert_array_equal(inner[-1], expected[-1])
    np.testing.assert_array_equal(inner.part(1, 3)[[1, 0]], expected[[2, 1]])
    np.testing.assert_array_equal(whole[:], SOURCES)


@pytest.mark.parametrize(
    "sources, targets, options, message",
    [
        (SOURCES, TARGETS[:4], {}, "Received: 5 sources and 4 targets"),
        (SOURCES[0], TARGETS, {}, r"`sources` must be images.*shape \(7, 6, 1\)"),
        (SOURCES[:0], TARGETS[:0], {}, r"`sources` must be images"),
        (SOURCES, [1, 2], {}, r"`targets` must be images.*type list"),
        (SOURCES, TARGETS, {"crop": 7}, r"at least as large as the windows.*crop=7"),
        (SOURCES, TARGETS[:, :5], {"crop": 2}, r"one size.*targets\.shape=\(5, 5, 6, 1"),
        (SOURCES, TARGETS, {"crop": (4, 0)}, r"`crop` must be an int, or \(height, w"),
        (SOURCES, TARGETS, {"flip": 1}, "`flip` must be True or False"),
    ],
)
def test_pairs_and_windows_are_checked(sources, targets, options, message):
    with pytest.raises(ValueError, match=message):
        PairBatches(sources, targets, **options)
