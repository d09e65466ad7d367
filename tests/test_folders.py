"""Folders and archives of pictures, with damaged and malicious files among them."""

import gzip
import io
import os
import shutil
import stat
import struct
import tarfile
import threading
import time
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

import kgan
from kgan.data import NothingLeftError, Options, load_all
from kgan.data.reading import archives, decoding, entries, folders
from kgan.data.reading.entries import MAX_BYTES, Entry

pytestmark = pytest.mark.backends("tensorflow", reason="there are no tensors in it")

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 6, 5, 3), dtype="uint8")


def save(pixels, path, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


def chunk(kind, data):
    crc = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + crc


def huge():
    """A PNG whose header says 20,000 x 20,000 pixels."""
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


@pytest.fixture
def classes(tmp_path):
    """Pictures in folders of two classes."""
    root = tmp_path / "set"
    for number, pixels in enumerate(PIXELS):
        save(pixels, root / "ab"[number % 2] / "deep" / f"{number:02d}.png")
    (root / "notes.txt").write_text("about them")
    (root / ".hidden.png").write_bytes(b"no picture")
    return root


@pytest.fixture
def odd(tmp_path):
    """A folder of one good picture and of files that can't be trained on."""
    root = tmp_path / "odd"
    save(PIXELS[0], root / "good.png")
    whole = (root / "good.png").read_bytes()
    files = {
        "cut.png": whole[: len(whole) // 2],
        "empty.png": b"",
        "huge.png": huge(),
        "text.jpg": b"hello",
    }
    for name, data in files.items():
        (root / name).write_bytes(data)
    os.symlink(".", root / "loop")
    os.symlink("self.png", root / "self.png")
    os.symlink(tmp_path, root / "outside")
    os.symlink("/etc/hostname", root / "out.png")
    os.mkfifo(root / "pipe.png")
    return root


REASONS = {
    "cut.png": "truncated",
    "empty.png": "not an image",
    "huge.png": "more than 89,478,485 pixels",
    "text.jpg": "not an image",
    "loop": "a link to a folder that is read anyway",
    "self.png": "a link to nothing, or to itself",
    "outside": "a link out of the folder",
    "out.png": "a link out of the folder",
    "pipe.png": "not a regular file",
}


def test_folders_are_classes(classes):
    images, labels, names, report = load_all(classes, Options())
    # Sorted by name: all pictures of a, then all of b.
    np.testing.assert_array_equal(images, np.concatenate([PIXELS[::2], PIXELS[1::2]]))
    assert labels.tolist() == [0] * 6 + [1] * 6 and names == ["a", "b"]
    assert report.left_out == {"notes.txt": "not a supported file extension"}
    assert report.sizes == {(6, 5): 12} and report.modes == {"RGB": 12}
    assert kgan.data.load(classes, labels="none")[1] is None


def test_a_picture_outside_of_all_classes_leaves_none(classes):
    save(PIXELS[0], classes / "stray.png")
    images, labels = kgan.data.load(classes)
    assert len(images) == 13 and labels is None


def test_bad_files_are_named_with_their_reasons(odd):
    images, _, _, report = load_all(odd, Options(on_error="skip", max_bad=0.9))
    np.testing.assert_array_equal(images, PIXELS[:1])
    assert report.bad.keys() == REASONS.keys()
    for name, reason in REASONS.items():
        assert reason in report.bad[name]


def test_bad_files_stop_by_default_and_above_a_share(odd):
    with pytest.raises(
        ValueError, match=r"Received: source='.*odd' with 'cut.png': .*trunc"
    ):
        kgan.data.load(odd, size=4, channels=3)
    with pytest.raises(ValueError, match=r"9 of 10 files .* share of 0.1"):
        kgan.data.load(odd, on_error="skip")
    with pytest.warns(
        UserWarning, match=r"9 files are left out: 'cut.png': .*trunc"
    ) as w:
        kgan.data.load(odd, on_error="skip", max_bad=0.9)
    assert len(w) == 1 and w[0].filename == __file__


def test_all_files_are_named_when_no_picture_is_left(odd):
    (odd / "good.png").unlink()
    (odd / "photo.heic").write_bytes(b"")
    with pytest.raises(NothingLeftError, match=r"None of the 9 files .*source=") as info:
        load_all(odd, Options(on_error="skip", max_bad=1.0, size=4, channels=3))
    assert info.value.left_out.keys() == {*REASONS, "photo.heic"}


DARK = {
    "12 bits in 16": ("a.png", np.uint16([[0, 4095]]), "I;16", "4,095 of 65,535", 16),
    "14 bits in 16": ("a.tif", np.uint16([[0, 9000]]), "I;16", "9,000 of 65,535", 4),
    "mask": ("a.png", np.uint8([[0, 1]]), "L", "1 of 255", 255),
    "classes": ("a.bmp", np.uint8([[0, 20]]), "L", "20 of 255", 8),
    "colors": ("a.png", np.uint8([[[1, 2, 3]]]), "RGB", "3 of 255", 85),
    "with alpha": ("a.png", np.uint8([[[1, 2, 0, 255]]]), "RGBA", "2 of 255", 85),
    "grey with alpha": ("a.png", np.uint8([[[1, 255]]]), "LA", "1 of 255", 255),
}


@pytest.mark.parametrize("case", DARK)
def test_pictures_that_use_the_lowest_part_of_their_range_are_named(tmp_path, case):
    name, pixels, mode, found, factor = DARK[case]
    save(pixels, tmp_path / "set" / name)
    # A brighter picture of another mode, beside it, hides nothing.
    Image.new("CMYK", (2, 1)).save(tmp_path / "set" / "b.jpg")
    message = rf"of the 1 {mode} pictures is {found}, .* Multiply the pixels by {factor} "
    for _ in range(2):  # Decoded, and from the cache.
        with pytest.warns(UserWarning, match=message) as caught:
            kgan.data.load(tmp_path / "set", size=1, cache=tmp_path / "cache")
        assert len(caught) == 1 and caught[0].filename == __file__
    # One picture of the whole range shows that all have the whole range.
    save(np.full_like(pixels, np.iinfo(pixels.dtype).max), tmp_path / "set" / f"c{name}")
    kgan.data.load(tmp_path / "set", size=1)


def test_pictures_whose_lowest_pixels_are_bright_are_not_named(tmp_path):
    white_is_zero = {"tiffinfo": {262: 0}}
    save(np.uint16([[0, 4095]]), tmp_path / "a.tif", **white_is_zero)
    palette = Image.fromarray(np.uint8([[0, 1]]), "P")
    palette.putpalette([0, 0, 0, 255, 255, 255])
    palette.save(tmp_path / "b.png")
    Image.fromarray(np.uint8([[0, 1]]) > 0).save(tmp_path / "c.png")
    save(np.zeros((2, 2), "uint8"), tmp_path / "d.png")
    assert len(kgan.data.load(tmp_path, size=2)[0]) == 4


def test_names_of_all_kinds(tmp_path):
    root = os.fsencode(tmp_path / "names")
    os.mkdir(root)
    save(PIXELS[0], tmp_path / "one.png")
    for name in ("größe 日本.png".encode(), b"new\nline.png", b"\xff\xfe.PNG"):
        shutil.copy(os.fsencode(tmp_path / "one.png"), root + b"/" + name)
    assert len(kgan.data.load(os.fsdecode(root), cache=tmp_path / "cache")[0]) == 3
    with open(root + b"/bad\xff\n.png", "wb"):
        pass
    with pytest.raises(ValueError, match=r"'bad\\udcff\\n.png': not an image"):
        kgan.data.load(os.fsdecode(root))


def zipped(path, root, **odd):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(root.rglob("*.*")):
            archive.write(file, f"top/{file.relative_to(root)}")
        for name, data in odd.items():
            archive.writestr(name, data)
    return path


def tarred(path, root, **odd):
    mode = "w:gz" if path.name.endswith("gz") else "w"
    with tarfile.open(path, mode) as archive:
        archive.add(root, "top")
    return path


@pytest.mark.parametrize(
    "name, pack", [("x.zip", zipped), ("x.tar", tarred), ("x.tar.gz", tarred)]
)
def test_archives_are_read_like_the_folder(tmp_path, classes, name, pack):
    images, labels, names, _ = load_all(pack(tmp_path / name, classes), Options())
    order = np.lexsort((images[:, 0, 0, 0], labels))
    expected = load_all(classes, Options())
    again = np.lexsort((expected.samples[:, 0, 0, 0], expected.labels))
    np.testing.assert_array_equal(images[order], expected.samples[again])
    assert names == ["a", "b"]
    left_out = load_all(tmp_path / name, Options()).report.left_out
    assert left_out == {"top/notes.txt": "not a supported file extension"}


def test_paths_out_of_an_archive_and_bombs_are_refused(tmp_path, classes):
    odd = {"../../out.png": b"x", "top/a/bomb.png": bytes(MAX_BYTES + 1)}
    path = zipped(tmp_path / "x.zip", classes, **odd)
    before = sorted(tmp_path.rglob("*"))
    report = load_all(path, Options(on_error="skip", max_bad=0.5)).report
    assert report.bad["../../out.png"] == "a path out of the archive"
    assert "268,435,457 bytes" in report.bad["top/a/bomb.png"]
    assert sorted(tmp_path.rglob("*")) == before


@pytest.fixture
def low_limits(monkeypatch):
    """Limits of unpacking that small files reach."""
    monkeypatch.setattr(entries, "_ALWAYS_ALLOWED", 1 << 16)
    monkeypatch.setattr(entries, "_MAX_RATIO", 20)


BOMB = bytes(1 << 20)


def tar_of(path, *members, headers=None, tail=b""):
    kind = path.suffix.removeprefix(".").replace("tar", "")
    with tarfile.open(path, f"w:{kind}", pax_headers=headers or {}) as archive:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    if tail:
        path.write_bytes(path.read_bytes() + gzip.compress(tail))


BOMBS = {
    "zip": lambda path, good: zip_of(path, good, [("1.png", BOMB), ("2.png", BOMB)]),
    "zip of bzip2": lambda path, good: zip_of(path, good, [("1.png", BOMB)], 12),
    "zip of lzma": lambda path, good: zip_of(path, good, [("1.png", BOMB)], 14),
    "x.tar.gz": lambda path, good: tar_of(path, good, ("1.png", BOMB)),
    "x.tar.bz2": lambda path, good: tar_of(path, good, ("1.png", BOMB)),
    "x.tar.xz": lambda path, good: tar_of(path, good, ("1.png", BOMB)),
    "other.tar.gz": lambda path, good: tar_of(path, ("notes.txt", BOMB), good),
    "tail.tar.gz": lambda path, good: tar_of(path, good, tail=BOMB * 4),
}


def zip_of(path, good, bombs, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in (good, *bombs):
            archive.writestr(name, data)


@pytest.mark.parametrize("name", BOMBS)
def test_archives_that_unpack_to_many_times_their_size_are_refused(
    tmp_path, classes, low_limits, name
):
    path = tmp_path / (name if "tar" in name else "x.zip")
    BOMBS[name](path, ("0.png", (classes / "a" / "deep" / "00.png").read_bytes()))
    message = r"unpacks to more than .* bytes: unpack it to a folder.*Received: source="
    with pytest.raises(ValueError, match=message):
        kgan.data.load(path, size=4, channels=3)


@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz"])
def test_archives_of_pictures_have_no_limit_in_all(tmp_path, low_limits, name):
    noise = np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3), dtype="uint8")
    for number, pixels in enumerate(noise):
        save(pixels, tmp_path / "noise" / f"{number}.png")
    path = (zipped if name == "x.zip" else tarred)(tmp_path / name, tmp_path / "noise")
    assert path.stat().st_size > 1 << 16
    assert len(kgan.data.load(path)[0]) == 8


def test_long_headers_of_a_tar_are_refused(tmp_path, classes):
    path = tmp_path / "x.tar.gz"
    tar_of(path, ("0.png", b""), headers={"comment": "x" * (1 << 21)})
    with pytest.raises(ValueError, match=r"a header of 2,.* bytes.*Received: source="):
        kgan.data.load(path)


def test_members_are_unpacked_in_small_pieces():
    # `zipfile` unpacks all bytes of bzip2 or LZMA that a reading could return.
    sizes = []

    class Member(io.BytesIO):
        def read(self, size=-1):
            sizes.append(size)
            return super().read(size)

    entry = archives._read("a.png", lambda: Member(bytes(9000)), True)
    assert entry.read() == bytes(9000) and max(sizes) <= 4096 and min(sizes) > 0


def test_files_that_macos_adds_to_an_archive_are_ignored(tmp_path, classes):
    (classes / "__MACOSX").mkdir()
    (classes / "__MACOSX" / "00.png").write_bytes(b"no picture")
    expected = {"notes.txt": "not a supported file extension"}
    assert load_all(classes, Options()).report.left_out == expected
    path = tarred(tmp_path / "x.tar", classes)
    assert len(load_all(path, Options()).samples) == 12


def test_links_in_archives_are_refused(tmp_path, classes):
    os.symlink("/etc/hostname", classes / "a" / "link.png")
    path = tarred(tmp_path / "x.tar", classes)
    report = load_all(path, Options(on_error="skip", max_bad=0.5)).report
    assert report.bad == {"top/a/link.png": "a link or a device in an archive"}


def test_links_and_encrypted_files_in_a_zip_are_refused(tmp_path, classes):
    link = zipfile.ZipInfo("link.png")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    path = zipped(tmp_path / "x.zip", classes)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/hostname")
        archive.writestr("secret.png", b"?")
    data = bytearray(path.read_bytes())
    for start, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.rindex(start) + offset] |= 1
    path.write_bytes(data)
    report = load_all(path, Options(on_error="skip", max_bad=0.5)).report
    reasons = {"link.png": "a link or a device in an archive", "secret.png": "encrypted"}
    assert report.bad == reasons


# The offsets of the required zip version and of the name.
@pytest.mark.parametrize("offset", [6, 46])
def test_zips_whose_directory_is_damaged_are_named(tmp_path, classes, offset):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(classes / "a" / "deep" / "00.png", "größe.png")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + offset] = 0xFF
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"Received: source='.*x.zip'"):
        kgan.data.load(path)


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz"])
@pytest.mark.parametrize("size", [0, 300])
def test_broken_archives_are_named(tmp_path, classes, name, size):
    pack = zipped if name == "x.zip" else tarred
    path = pack(tmp_path / name, classes)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ValueError, match=f"Received: source='.*{name}'"):
        kgan.data.load(path)


def test_a_tar_that_ends_between_two_pictures_is_named(tmp_path, classes):
    path = tarred(tmp_path / "x.tar", classes)
    with tarfile.open(path) as archive:
        offset = archive.getmembers()[-1].offset
    path.write_bytes(path.read_bytes()[:offset])
    with pytest.raises(ValueError, match=r"cut short.*Received: source='.*x.tar'"):
        kgan.data.load(path)


def test_folders_without_pictures_are_named(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    message = r"holds no pictures. Received: source=.*'notes.txt': not a supported"
    with pytest.raises(NothingLeftError, match=message):
        kgan.data.load(tmp_path)


def test_sizes_and_channels_are_proposed(tmp_path):
    save(PIXELS[0].repeat(5, 0).repeat(8, 1), tmp_path / "a.png")  # 30 x 40
    save(PIXELS[1, ..., 0].repeat(9, 0).repeat(9, 1), tmp_path / "b.png")  # 54 x 45
    save(PIXELS[2, ..., :2].repeat(20, 0).repeat(20, 1), tmp_path / "c.png")  # 120 x 100
    # The shorter sides are 30, 45 and 100; one picture has colors, another has alpha.
    assert kgan.data.load(tmp_path)[0].shape == (3, 32, 32, 4)
    assert kgan.data.load(tmp_path, size=(8, 9), channels=1)[0].shape == (3, 8, 9, 1)


def test_a_large_common_size_is_proposed_for_arrays_but_not_for_files(tmp_path):
    save(np.zeros((256, 200), "uint8"), tmp_path / "a.png")
    assert kgan.data.load(tmp_path)[0].shape == (1, 256, 200, 1)
    save(np.zeros((257, 200), "uint8"), tmp_path / "a.png")
    assert kgan.data.load(tmp_path)[0].shape == (1, 64, 64, 1)
    # The size of an array was chosen on purpose.
    large = np.zeros((1, 257, 200, 1), "uint8")
    assert kgan.data.load(large, channels=3)[0].shape == (1, 257, 200, 3)


def test_any_number_of_threads_gives_the_same(classes):
    one, _ = kgan.data.load(classes, size=4, crop="random", workers=1)
    four, _ = kgan.data.load(classes, size=4, crop="random", workers=4)
    np.testing.assert_array_equal(one, four)


def test_flip_adds_mirror_images_and_their_labels(classes):
    images, labels = kgan.data.load(classes, flip=True)
    assert labels.tolist() == [0] * 12 + [1] * 12
    np.testing.assert_array_equal(images[1::2], images[::2, :, ::-1])


def test_pictures_beyond_memory_stay_on_disk_with_equal_batches(classes):
    images, _ = kgan.data.load(classes)
    store, _ = kgan.data.load(classes, memory=100)
    assert isinstance(store, kgan.data.Store) and store.nbytes == images.nbytes
    batches = [kgan.data.Batches(x, 5, seed=3) for x in (images, store)]
    for number in range(6):
        one, other = (each.batch(number)[0] for each in batches)
        np.testing.assert_array_equal(one, other)


def test_the_cache_is_used_until_files_or_options_change(tmp_path, classes, monkeypatch):
    cache = tmp_path / "cache"
    first, labels = kgan.data.load(classes, cache=cache)
    pixels, facts = sorted(cache.glob("*.uint8")), sorted(cache.glob("*.json"))
    assert len(pixels) == len(facts) == 1 and len(list(cache.iterdir())) == 2
    with monkeypatch.context() as patch:
        patch.setattr(decoding.Fit, "__call__", None)  # Nothing is decoded.
        again, labels_again = kgan.data.load(classes, cache=cache)
    np.testing.assert_array_equal(again, first)
    np.testing.assert_array_equal(labels, labels_again)
    # An incomplete cache is made anew, and so is a cache of other files or options.
    pixels[0].write_bytes(b"cut")
    np.testing.assert_array_equal(kgan.data.load(classes, cache=cache)[0], first)
    save(PIXELS[0], classes / "a" / "more.png")
    assert len(kgan.data.load(classes, cache=cache)[0]) == 13
    assert kgan.data.load(classes, cache=cache, size=3)[0].shape == (13, 3, 3, 3)


@pytest.mark.parametrize(
    "suffix, old, new",
    [
        (".uint8", None, None),
        (".json", b"b/deep/01.png", b"a/deep/01.png"),
        (".json", b'"animated": 0', b'"animated": 7'),
    ],
)
def test_a_cache_with_a_wrong_byte_is_made_anew(tmp_path, classes, suffix, old, new):
    first, cache = load_all(classes, Options()), tmp_path / "cache"
    load_all(classes, Options(cache=cache))
    (path,) = cache.glob(f"*{suffix}")
    whole = path.read_bytes()
    damaged = whole.replace(old, new) if old else bytes([whole[0] ^ 1]) + whole[1:]
    assert damaged != whole
    path.write_bytes(damaged)
    again = load_all(classes, Options(cache=cache))
    np.testing.assert_array_equal(again.samples, first.samples)
    np.testing.assert_array_equal(again.labels, first.labels)
    assert again.report == first.report and path.read_bytes() == whole


@pytest.mark.parametrize(
    "facts",
    ["null", "[]", "{}", '{"shape": [12, 6, 5, 3]}', "7", "SHAPE", "[" * 99_999],
    ids=lambda facts: facts[:9],
)
def test_a_cache_with_other_content_is_made_anew(tmp_path, classes, facts):
    first, _ = kgan.data.load(classes, cache=tmp_path / "cache")
    (path,) = (tmp_path / "cache").glob("*.json")
    if facts == "SHAPE":
        facts = path.read_text().replace("[12, 6, 5, 3]", '["a", null]')
    path.write_text(facts)
    again, _ = kgan.data.load(classes, cache=tmp_path / "cache")
    np.testing.assert_array_equal(again, first)


@pytest.mark.parametrize("options", [{}, {"size": 4, "channels": 3}], ids=str)
def test_cached_sources_are_not_read_again(tmp_path, classes, options, monkeypatch):
    path = zipped(tmp_path / "x.zip", classes)
    options["cache"] = tmp_path / "cache"
    both = {
        str(source): load_all(source, Options(**options)) for source in (path, classes)
    }

    def fail(*_):
        raise AssertionError("it is read")

    monkeypatch.setattr(zipfile, "ZipFile", fail)
    monkeypatch.setattr(folders, "_read", fail)
    for source, first in both.items():
        again = load_all(source, Options(seed=1, **options))
        np.testing.assert_array_equal(again.samples, first.samples)
        assert again.report.left_out == first.report.left_out


def test_bad_files_of_a_cached_set_are_named_as_well(tmp_path, odd):
    options = Options(on_error="skip", max_bad=0.9, cache=tmp_path / "cache")
    first, second = load_all(odd, options), load_all(odd, options)
    assert first.report == second.report
    with pytest.raises(ValueError, match=r"cut.png"):
        load_all(odd, Options(cache=tmp_path / "cache"))


def test_an_error_leaves_no_incomplete_set_in_the_cache(tmp_path, odd):
    save(PIXELS[1], odd / "zz.png")  # Behind the file at which it stops.
    options = {"size": 4, "channels": 3, "cache": tmp_path / "cache"}
    with pytest.raises(ValueError, match=r"cut.png"):
        kgan.data.load(odd, **options)
    assert list((tmp_path / "cache").iterdir()) == []
    found = load_all(odd, Options(on_error="skip", max_bad=0.9, **options))
    assert len(found.samples) == 2


def test_arrays_are_not_mixed_up_by_a_cache(tmp_path):
    for value in (0, 200):
        images = np.full((3, 4, 4, 1), value, "uint8")
        found, _ = kgan.data.load(images, size=2, cache=tmp_path)
        assert (found == value).all()


def test_a_tar_that_breaks_off_is_named(tmp_path, classes):
    path = tarred(tmp_path / "x.tar", classes)
    with tarfile.open(path) as archive:
        member = [m for m in archive if m.isfile()][3]
    data = bytearray(path.read_bytes())
    data[member.offset : member.offset + 512] = b"\x07" * 512
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"cut short.*x.tar"):
        kgan.data.load(path)


def test_a_tar_that_holds_a_zip_is_a_tar(tmp_path, classes):
    zipped(classes / "inner.zip", classes)
    assert len(kgan.data.load(tarred(tmp_path / "x.tar", classes))[0]) == 12


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2]
)
def test_broken_members_of_a_zip_are_named(tmp_path, classes, method):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for file in sorted(classes.rglob("*.png")):
            if not file.name.startswith("."):
                archive.write(file, file.name)
        member = archive.infolist()[4]
    data = bytearray(path.read_bytes())
    start = member.header_offset + 60
    data[start : start + 40] = b"\xff" * 40
    path.write_bytes(data)
    images, _, _, report = load_all(path, Options(on_error="skip"))
    assert len(images) == 11 and list(report.bad) == [member.filename]


def test_names_that_stand_twice_count_twice(tmp_path):
    with (
        zipfile.ZipFile(tmp_path / "x.zip", "w") as archive,
        pytest.warns(UserWarning, match="Duplicate name"),
    ):
        for _ in range(3):
            archive.writestr("a.png", b"no picture")
    with pytest.raises(ValueError, match=r"None of the 3 files"):
        kgan.data.load(tmp_path / "x.zip", on_error="skip", max_bad=0.9, size=4)


def test_names_with_colons_and_backslashes(tmp_path, classes):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a/12:30.png", "b\\1.png", "C:/evil.png"):
            archive.write(classes / "a" / "deep" / "00.png", name)
    data = load_all(path, Options(on_error="skip", max_bad=0.5))
    assert data.labels.tolist() == [0, 1] and list(data.report.bad) == ["C:/evil.png"]


def test_links_that_are_no_pictures_are_left_alone(classes):
    os.symlink("/etc/hostname", classes / "a" / "notes.txt")
    report = load_all(classes, Options()).report
    assert report.bad == {} and report.others == ["a/notes.txt", "notes.txt"]


def test_deep_folders_are_searched(tmp_path):
    folder = tmp_path / "/".join(["d"] * 400)
    save(PIXELS[0], folder / "a.png")
    assert len(kgan.data.load(tmp_path)[0]) == 1


def test_a_pipe_is_no_source(tmp_path):
    os.mkfifo(tmp_path / "x.npz")
    with pytest.raises(ValueError, match=r"regular file. Received: source='.*x.npz'"):
        kgan.data.load(tmp_path / "x.npz")


def test_bytes_ahead_of_the_decoding_are_bounded(monkeypatch):
    most = held = 0

    def entries():
        nonlocal most, held
        for number in range(50):
            held += 1
            most = max(most, held)
            yield Entry(str(number), lambda: None, size=1 << 26)

    monkeypatch.setattr(decoding.pictures, "read_header", lambda image: None)
    monkeypatch.setattr(Entry, "open", lambda self: Image.new("L", (1, 1)))
    for _ in decoding.read_headers(entries(), workers=4):
        held -= 1
    # Of 64 MiB each: two make up the 128 MiB, and one more is on its way.
    assert most <= 3


def test_pictures_made_ahead_of_the_writing_are_bounded(monkeypatch):
    most = ahead = 0

    def entries():
        nonlocal most, ahead
        for number in range(20):
            ahead += 1
            most = max(most, ahead)
            yield Entry(str(number), lambda: Image.new("RGBA", (1, 1)))

    fit = decoding.Fit(4096, 4096, 4)
    pixels = np.zeros(1, "uint8")
    monkeypatch.setattr(decoding.Fit, "__call__", lambda *_: pixels)
    for _ in decoding.decode(entries(), fit, workers=4):
        ahead -= 1
    assert most <= 3


def test_huge_pictures_are_decoded_one_at_a_time(monkeypatch):
    now, most, threads = 0, 0, set()

    def slow(*_):
        nonlocal now, most
        threads.add(threading.get_ident())
        now += 1
        most = max(most, now)
        time.sleep(0.01)
        now -= 1
        return np.zeros(1, "uint8")

    monkeypatch.setattr(decoding, "_HUGE", 8)
    monkeypatch.setattr(decoding.Fit, "__call__", slow)
    entries = [Entry(str(i), lambda: Image.new("L", (3, 3))) for i in range(12)]
    found = list(decoding.decode(entries, decoding.Fit(1, 1, 1), workers=4))
    assert [result.entry.name for result in found] == [str(i) for i in range(12)]
    assert most == 1 and len(threads) == 1 and all(r.reason is None for r in found)


@pytest.mark.parametrize(
    "option",
    [
        {"size": 0},
        {"size": 5000},
        {"size": (8, 8, 3)},
        {"channels": 5},
        {"crop": "middle"},
        {"labels": "file"},
        {"background": "nocolor"},
        {"background": (1, 2)},
        {"on_error": "ignore"},
        {"max_bad": 2},
        {"workers": 0},
        {"memory": "1GB"},
        {"channels": True},
        {"max_bad": "x"},
        {"background": None},
    ],
    ids=str,
)
def test_options_out_of_range_are_named(option):
    (name,) = option
    with pytest.raises(ValueError, match=f"`{name}` must be .*Received: {name}="):
        kgan.data.load("digits", **option)
