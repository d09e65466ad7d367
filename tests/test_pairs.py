"""Pairs of pictures, and pictures of two kinds, from folders, archives and arrays."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from kgan.data import Store, load_pairs, load_unpaired

pytestmark = pytest.mark.backends("tensorflow", reason="there are no tensors in it")

RANDOM = np.random.default_rng(0)
SOURCES = RANDOM.integers(0, 256, (4, 6, 5, 3), dtype="uint8")
TARGETS = RANDOM.integers(0, 256, (4, 6, 5, 3), dtype="uint8")
NAMES = ["a", "a.b", "deep/c", "d"]


def save(folder, images, names, extension="png", **options):
    for name, pixels in zip(names, images, strict=True):
        path = folder / f"{name}.{extension}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, **options)
    return folder


@pytest.fixture
def sources(tmp_path):
    return save(tmp_path / "sources", SOURCES, NAMES)


@pytest.fixture
def targets(tmp_path):
    return save(tmp_path / "targets", TARGETS, NAMES, "bmp")


def check_pairs(pairs, shown):
    """Checks that the images are the pairs with some numbers, in any order."""
    found = {a.tobytes(): b.tobytes() for a, b in zip(*pairs, strict=True)}
    expected = {SOURCES[i].tobytes(): TARGETS[i].tobytes() for i in shown}
    assert found == expected


def test_files_of_one_name_are_a_pair(sources, targets):
    check_pairs(load_pairs(sources, targets), range(4))


@pytest.mark.parametrize("memory", [0, 1 << 30])
def test_the_order_of_the_files_does_not_matter(sources, targets, tmp_path, memory):
    archive = tmp_path / "targets.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in reversed(NAMES):
            file.write(targets / f"{name}.bmp", f"{name}.bmp")
    pairs = load_pairs(sources, archive, memory=memory)
    assert isinstance(pairs[1], Store if memory == 0 else np.ndarray)
    check_pairs(pairs, range(4))


def test_both_pictures_have_the_same_window_and_are_mirrored(sources, tmp_path):
    same = save(tmp_path / "same", SOURCES, NAMES, "bmp")
    options = {"size": (6, 2), "crop": "random", "seed": 1, "flip": True}
    first, second = load_pairs(sources, same, **options)
    assert first.shape == (8, 6, 2, 3)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first[1::2], first[::2, :, ::-1])
    halves = save(tmp_path / "sides", np.concatenate([SOURCES] * 2, 2), NAMES)
    np.testing.assert_array_equal(*load_pairs(halves, **options))


def test_a_pair_with_a_bad_file_is_left_out(sources, targets):
    (sources / "a.png").write_bytes(b"no picture")
    (targets / "d.bmp").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"source='.*sources' with 'a': not an image"):
        load_pairs(sources, targets)
    for memory in (0, 1 << 30):
        with pytest.warns(UserWarning, match="1 file is left out"):
            pairs = load_pairs(
                sources, targets, on_error="skip", max_bad=0.5, memory=memory, flip=True
            )
        assert len(pairs[0]) == 4
        check_pairs([side[:][::2] for side in pairs], [1, 2])


def test_no_pair_may_be_left(tmp_path):
    first = save(tmp_path / "first", SOURCES[:2], ["a", "b"])
    second = save(tmp_path / "second", SOURCES[:2], ["a", "b"])
    (first / "a.png").write_bytes(b"no picture")
    (second / "b.png").write_bytes(b"no picture")
    with (
        pytest.warns(UserWarning, match="left out"),
        pytest.raises(ValueError, match=r"No pair .* Received: 'a', 'b'"),
    ):
        load_pairs(first, second, on_error="skip", max_bad=1)


def test_a_picture_shows_a_pair_side_by_side(tmp_path):
    folder = save(tmp_path, np.concatenate([SOURCES, TARGETS], axis=2), NAMES)
    check_pairs(load_pairs(folder), range(4))
    check_pairs(load_pairs(np.concatenate([SOURCES, TARGETS], axis=2)), range(4))
    cached = [load_pairs(folder, cache=tmp_path / "cache") for _ in range(2)]
    for pairs in cached:
        check_pairs(pairs, range(4))


def test_halves_are_those_of_the_upright_picture(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    both = np.concatenate([SOURCES, TARGETS], axis=2)
    # The viewer turns the file by 90 degrees clockwise.
    save(tmp_path, np.rot90(both, axes=(1, 2)), NAMES, exif=exif)
    check_pairs(load_pairs(tmp_path), range(4))


def test_halves_of_sixteen_bits_and_of_palettes(tmp_path):
    deep = np.arange(200, 212, dtype="uint16").reshape(2, 6) * 257
    Image.fromarray(deep).save(tmp_path / "deep.png")
    left, right = load_pairs(tmp_path)
    assert left.ravel().tolist() == [200, 201, 202, 206, 207, 208]
    assert right.ravel().tolist() == [203, 204, 205, 209, 210, 211]
    image = Image.fromarray(np.array([[0, 1], [1, 0]], "uint8"), "P")
    image.putpalette([10, 20, 30, 40, 50, 60])
    (tmp_path / "deep.png").unlink()
    image.save(tmp_path / "palette.png", transparency=0)
    left, right = load_pairs(tmp_path)
    assert left.ravel().tolist() == [40, 50, 60, 0, 40, 50, 60, 255]
    assert right.ravel().tolist() == [40, 50, 60, 255, 40, 50, 60, 0]


def test_an_odd_width_has_no_halves(tmp_path):
    save(tmp_path, SOURCES, NAMES)
    with pytest.raises(ValueError, match=r"'a\.b\.png': an odd width of 5 pixels"):
        load_pairs(tmp_path, size=4)


def test_each_picture_needs_one_partner(sources, targets):
    (targets / "d.bmp").unlink()
    message = r"sources', target='.*targets' without a partner for 'd\.png' of source$"
    with pytest.raises(ValueError, match=message):
        load_pairs(sources, targets)
    with pytest.raises(ValueError, match=r"partner for 'd\.png' of target$"):
        load_pairs(targets, sources)
    Image.fromarray(SOURCES[0]).save(sources / "a.bmp")
    with pytest.raises(ValueError, match=r"one name.*with 'a\.bmp' and 'a\.png'$"):
        load_pairs(sources, targets)


def test_pictures_of_different_sizes_need_a_size(sources, targets):
    Image.fromarray(TARGETS[0][:4]).save(targets / "d.bmp")
    message = r"target='.*' with 'a.b' of 6x5 and 'd' of 4x5 pixels, size=None"
    with pytest.raises(ValueError, match=message):
        load_pairs(sources, targets)
    assert load_pairs(sources, targets, size=8)[1].shape == (4, 8, 8, 3)


def test_a_size_of_any_side_is_kept(tmp_path):
    large = RANDOM.integers(0, 256, (1, 4, 600), dtype="uint8")
    left, right = load_pairs(save(tmp_path, large, "a"))
    assert left.shape == right.shape == (1, 4, 300, 1)


def test_each_side_has_its_own_size_and_channels(sources, tmp_path):
    grey = save(tmp_path / "small", TARGETS[:, :3, :3, 0], NAMES)
    first, second = load_pairs(sources, grey)
    assert first.shape == (4, 6, 5, 3) and second.shape == (4, 3, 3, 1)


def test_empty_folders_are_named(sources, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ValueError, match=r"no pictures\. Received: source='.*empty'"):
        load_pairs(empty)
    with pytest.raises(ValueError, match="without a partner for 'a"):
        load_pairs(sources, empty)
    with pytest.raises(FileNotFoundError, match=r"`target` to be .*target='.*nowhere'"):
        load_pairs(sources, tmp_path / "nowhere")


def test_arrays_are_pairs_row_by_row():
    check_pairs(load_pairs(SOURCES, TARGETS), range(4))
    with pytest.raises(ValueError, match="without a partner for '3' of source"):
        load_pairs(SOURCES, TARGETS[:3])
    with pytest.raises(ValueError, match="target of dtype float32 and shape"):
        load_pairs(SOURCES, TARGETS.astype("float32"))


def test_pictures_of_two_kinds_are_no_pairs(tmp_path):
    save(tmp_path / "trainA", SOURCES, NAMES)
    save(tmp_path / "trainB", TARGETS[:3], NAMES[:3])
    first, second = load_unpaired(tmp_path)
    assert len(first) == 4 and len(second) == 3
    assert {x.tobytes() for x in second} == {x.tobytes() for x in TARGETS[:3]}
    with pytest.raises(ValueError, match=r"kgan\.data\.load_unpaired"):
        load_pairs(tmp_path)


def test_pictures_of_two_kinds_come_from_two_sources(sources):
    first, second = load_unpaired(sources, TARGETS[:3])
    np.testing.assert_array_equal(second, TARGETS[:3])
    assert len(first) == 4
    for source in (sources, SOURCES):
        with pytest.raises(ValueError, match=r"folders trainA and trainB\. Received: s"):
            load_unpaired(source)
