"""Pictures with captions, from folders, archives and arrays."""

import json
import zipfile

import numpy as np
import pytest
from PIL import Image

import kgan
from kgan.data import Store, load_captions

pytestmark = pytest.mark.backends("tensorflow", reason="there are no tensors in it")

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 6, 5, 3), dtype="uint8")
NAMES = ["a.png", "deep/b.png", "deep/c.png"]


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "set"
    (root / "deep").mkdir(parents=True)
    for name, pixels in zip(NAMES, PIXELS, strict=True):
        Image.fromarray(pixels).save(root / name)
    return root


def write_csv(path, rows, columns="file_name,text"):
    path.write_text("\n".join([columns, *rows]) + "\n", "utf-8")


def write_jsonl(path, rows):
    lines = [json.dumps({"file_name": name, "text": text}) for name, text in rows]
    path.write_text("\n".join(lines) + "\n", "utf-8")


@pytest.mark.parametrize("name", ["captions.csv", "metadata.csv"])
def test_captions_follow_the_pictures_and_not_the_table(folder, name):
    rows = ["deep/c.png,third", 'a.png,"first, with a comma"', "deep/b.png,ünd"]
    write_csv(folder / name, rows)
    pictures, captions = load_captions(folder)
    np.testing.assert_array_equal(pictures, PIXELS)
    assert captions == [("first, with a comma",), ("ünd",), ("third",)]


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_columns_have_commas_or_semicolons_between(folder, separator, quote, encoding):
    # The other sign may stand in a caption, and the own sign in quotation marks.
    other = ",;".replace(separator, "")
    rows = [("file_name", "text"), *((name, f"a{other} b") for name in NAMES)]
    lines = [f"{quote}{separator}{quote}".join(row) for row in rows]
    lines = [f"{quote}{line}{quote}" for line in lines]
    lines.append(f'{NAMES[0]}{separator}"c{separator} d"')
    text = "\r\n".join(lines) + "\r\n"
    (folder / "captions.csv").write_bytes(text.encode(encoding))
    same = f"a{other} b"
    expected = [(same, f"c{separator} d"), (same,), (same,)]
    assert load_captions(folder)[1] == expected


@pytest.mark.parametrize(
    "header, row",
    [
        # Spreadsheets write empty cells after the last column.
        ("file_name,text", '{},"one, two",, '),
        ("file_name, text", '{}, "one, two"'),
        ("file_name,text,notes; remarks", '{},"one, two",x'),
    ],
)
def test_columns_of_captions_are_found(folder, header, row):
    rows = [header, *map(row.format, NAMES)]
    (folder / "captions.csv").write_text("\n".join(rows))
    assert load_captions(folder)[1] == [("one, two",)] * 3


def test_a_further_column_may_have_a_comma_in_its_name(folder):
    rows = ['file_name;text;"note, more"', *(f"{name};one, two;x" for name in NAMES)]
    (folder / "captions.csv").write_text("\n".join(rows))
    assert load_captions(folder)[1] == [("one, two",)] * 3


def test_a_picture_has_several_captions(folder, tmp_path):
    write_csv(folder / "captions.csv", [*(f"{n},one" for n in NAMES), "a.png,two"])
    assert load_captions(folder)[1] == [("one", "two"), ("one",), ("one",)]
    rows = [("a.png", ["one", "two"]), (NAMES[1], "three"), (NAMES[2], ["four"])]
    other = tmp_path / "other.jsonl"
    write_jsonl(other, [*rows, ("a.png", "five")])
    expected = [("one", "two", "five"), ("three",), ("four",)]
    assert load_captions(folder, other)[1] == expected


def test_the_first_file_of_captions_counts(folder):
    write_jsonl(folder / "metadata.jsonl", [(name, "last") for name in NAMES])
    assert load_captions(folder)[1] == [("last",)] * 3
    write_csv(folder / "captions.csv", [f"{name},first" for name in NAMES])
    assert load_captions(folder)[1] == [("first",)] * 3


def test_options_are_those_of_load(folder):
    write_csv(folder / "captions.csv", [f"{n},{i}" for i, n in enumerate(NAMES)])
    options = {"size": (4, 4), "channels": 1, "crop": "random", "flip": True, "seed": 3}
    pictures, captions = load_captions(folder, memory=0, **options)
    assert isinstance(pictures, Store)
    expected, _ = kgan.data.load(folder, **options)
    np.testing.assert_array_equal(pictures[:], expected)
    assert captions == [("0",), ("0",), ("1",), ("1",), ("2",), ("2",)]


def test_a_bad_file_takes_its_captions_along(folder):
    (folder / "b.png").write_bytes(b"no picture")
    rows = [f"{name},{name}" for name in [*NAMES, "b.png"]]
    write_csv(folder / "captions.csv", rows)
    with pytest.raises(ValueError, match=r"b\.png': not an image"):
        load_captions(folder)
    with pytest.warns(UserWarning, match="1 file is left out"):
        _, captions = load_captions(folder, on_error="skip", max_bad=0.5)
    assert captions == [(name,) for name in NAMES]


def test_the_cache_keeps_the_names(folder, tmp_path):
    write_csv(folder / "captions.csv", [f"{name},{name}" for name in NAMES])
    first, second = (load_captions(folder, cache=tmp_path / "cache") for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    assert first[1] == second[1] == [(name,) for name in NAMES]


def test_archives_have_captions_in_a_file_beside_them(folder, tmp_path):
    archive, captions = tmp_path / "set.zip", tmp_path / "words.csv"
    with zipfile.ZipFile(archive, "w") as file:
        for name in reversed(NAMES):
            file.write(folder / name, name)
    write_csv(captions, [f"{name},{name}" for name in NAMES])
    pictures, found = load_captions(archive, captions)
    np.testing.assert_array_equal(pictures, PIXELS[::-1])
    assert found == [(name,) for name in reversed(NAMES)]
    with pytest.raises(ValueError, match=r"pass `captions`\. Received: source='.*zip'"):
        load_captions(archive)


def test_arrays_have_captions_in_a_list():
    pictures, captions = load_captions(PIXELS, ["a", ("b", "c"), ["d"]], flip=True)
    np.testing.assert_array_equal(pictures[1::2], PIXELS[:, :, ::-1])
    assert captions == [("a",)] * 2 + [("b", "c")] * 2 + [("d",)] * 2


@pytest.mark.parametrize(
    "captions", [None, ["a", "b"], ["a", "b", " "], ["a", "b", ()], ["a", "b", 3], "abc"]
)
def test_arrays_need_a_caption_for_each_sample(captions):
    with pytest.raises(ValueError, match=r"each of the 3 samples\. Received: captions="):
        load_captions(PIXELS, captions)


def test_there_must_be_captions(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"captions\.csv, metadata\.csv or"):
        load_captions(folder)
    with pytest.raises(FileNotFoundError, match=r"captions='.*no\.csv'"):
        load_captions(folder, tmp_path / "no.csv")
    with pytest.raises(FileNotFoundError, match=r"Received: source='.*nowhere'"):
        load_captions(tmp_path / "nowhere")


def test_pictures_and_captions_must_belong_together(folder):
    write_csv(folder / "captions.csv", ["deep/b.png,x"])
    message = r"needs a caption.*without captions for 'a\.png', 'deep/c\.png'$"
    with pytest.raises(ValueError, match=message):
        load_captions(folder)
    gone = [f"{number}.png" for number in range(7)]
    write_csv(folder / "captions.csv", [f"{name},x" for name in [*NAMES, *gone]])
    message = r"needs a picture.*for '0\.png', .*'4\.png', \.\.\., which the source"
    with pytest.raises(ValueError, match=message):
        load_captions(folder)


def test_a_file_of_another_kind_is_left_out_with_its_caption(folder):
    (folder / "d.heic").write_bytes(b"unread")
    write_csv(folder / "captions.csv", [f"{name},x" for name in [*NAMES, "d.heic"]])
    assert len(load_captions(folder)[1]) == 3


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("w.txt", "a.png,x", r"must be a \.csv or \.jsonl file"),
        ("w.csv", "file_name,label\na.png,x", r"columns file_name and text.*with file_n"),
        (
            "w.csv",
            "file_name\ttext\na.png\tx",
            "commas or semicolons.*with file_name\ttext",
        ),
        ("w.csv", "file_name;text\na.png,x", "with None for 'a.png,x'"),
        ("w.csv", "a;file_name,text\nx", "with a;file_name, text"),
        ("w.csv", "file_name,text\na.png,x\nb.png,y, z", "with more cells in line 3"),
        ("w.csv", "file_name;text\na.png;y; z;", "with more cells in line 2"),
        ("w.csv", "", "with no columns"),
        ("w.csv", "file_name,text\na.png,", "with '' for 'a.png'"),
        ("w.csv", "file_name,text\na.png,x\na.png", "with None for 'a.png'"),
        ("w.jsonl", '{"file_name": "a.png", "caption": "x"}', "with file_name, caption"),
        ("w.jsonl", '{"file_name": "a.png", "text": []}', r"with \[\] for 'a.png'"),
        ("w.jsonl", '{"file_name": "a.png", "text": 3}', "with 3 for 'a.png'"),
        ("w.jsonl", '\n["a.png", "x"]', "with another line 2"),
        ("w.jsonl", "{", "with another line 1"),
    ],
)
def test_damaged_captions_are_named(folder, tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(
        ValueError, match=rf"Received: captions='.*w\..*{message}|{message}"
    ):
        load_captions(folder, path)


def test_captions_must_be_text(folder, tmp_path):
    path = tmp_path / "w.csv"
    path.write_bytes(b"file_name,text\na.png,\xff\n")
    with pytest.raises(ValueError, match=r"in UTF-8\. Received: captions='.*w\.csv'"):
        load_captions(folder, path)


def test_unknown_options_are_refused(folder):
    for option in ("labels", "colour"):
        with pytest.raises(ValueError, match=f"one of 'size'.*option='{option}'"):
            load_captions(folder, **{option: "none"})
