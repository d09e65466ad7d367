"""Encoders of text: checks, functions, KerasHub, and standardised vectors."""

import sys
import types

import keras
import numpy as np
import pytest

import kgan
from kgan import text

pytestmark = pytest.mark.anywhere


def lengths(captions):
    return [[len(one), len(one.split()), 1] for one in captions]


@keras.saving.register_keras_serializable(package="test_text")
def saved_lengths(captions):
    return lengths(captions)


def reloaded(option):
    return keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(option)
    )


def test_encoders_are_found_by_name_and_by_function():
    assert text.names() == ["kerashub", "minilm"]
    encoder = text.get(lengths)
    assert isinstance(encoder, text.Function) and text.get(encoder) is encoder
    vectors = encoder(("a cat", "cats"))
    assert vectors.dtype == "float32"
    assert vectors.tolist() == [[5, 2, 1], [4, 1, 1]]
    for wrong in ("word2vec", 3, text.Function):
        with pytest.raises(
            ValueError, match=r"kerashub, minilm, or an object of the class `Encoder`"
        ):
            text.get(wrong)


def test_functions_are_saved_by_name():
    encoder = reloaded(text.Function(saved_lengths))
    assert encoder(["a cat"]).tolist() == [[5, 2, 1]]
    with pytest.raises(ValueError, match=r"function from a list of str.*function=3"):
        text.Function(3)


@pytest.mark.parametrize("captions", ["a cat", [], ["a", 3], [("a",)], None])
def test_captions_are_a_list_of_str(captions):
    for call in (text.Function(lengths), text.Standardize(lengths).adapt):
        with pytest.raises(ValueError, match=r"list of at least one str\. Received: c"):
            call(captions)


@pytest.mark.parametrize(
    "vectors, message",
    [
        ([1.0, 2.0], r"vectors\.shape=\(2,\)"),
        ([[1.0]], r"each of the 2 captions\. Received: vectors\.shape=\(1, 1\)"),
        ([[], []], r"vectors\.shape=\(2, 0\)"),
        ([[1.0], [np.nan]], "NaN or infinity for the caption 'b'"),
    ],
)
def test_an_encoder_returns_a_finite_vector_for_each_caption(vectors, message):
    with pytest.raises(ValueError, match=f"^Function must return .*{message}"):
        text.Function(lambda captions: vectors)(["a", "b"])


def test_vectors_are_standardised_over_the_captions():
    captions = ["a", "b c", "d e f", "g"]
    raw = np.array(lengths(captions), "float64")
    encoder = text.Standardize(lengths)
    vectors = encoder.adapt(captions)
    np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(vectors.std(axis=0), [1, 1, 0], rtol=1e-6)
    np.testing.assert_array_equal(encoder(captions), vectors)
    # By hand: lengths 1, 3, 5, 1 have the mean 2.5 and the variance 2.75.
    expected = (len("h i j k l") - 2.5) / np.sqrt(2.75)
    later = encoder(["h i j k l"])
    np.testing.assert_allclose(later[0, 0], expected, rtol=1e-6)
    assert later[0, 2] == 0
    np.testing.assert_allclose(encoder.mean, raw.mean(axis=0))


def test_a_component_without_spread_stays_zero():
    # In float32 the mean of equal numbers differs from the numbers.
    vectors = np.full((7, 2), 0.1, "float32")
    vectors[:, 1] += np.linspace(0, 1e-8, 7)
    encoder = text.Standardize(lambda captions: vectors[: len(captions)])
    assert not encoder.adapt(list("abcdefg")).any()
    vectors = np.full((1, 2), 7.0, "float32")
    assert not encoder(["h"]).any()


def test_statistics_are_saved():
    encoder = text.Standardize(saved_lengths)
    with pytest.raises(ValueError, match=r"call `adapt\(captions\)`"):
        encoder(["a"])
    vectors = encoder.adapt(["a", "b c d", "e f"])
    loaded = reloaded(encoder)
    assert loaded == encoder and isinstance(loaded.mean, list)
    np.testing.assert_array_equal(loaded(["a", "b c d", "e f"]), vectors)
    assert reloaded(text.Standardize(saved_lengths)).mean is None


@pytest.mark.parametrize(
    "mean, std, message",
    [
        ([1.0], None, "lists of one length, or both None"),
        ([1.0], [1.0, 2.0], "lists of one length"),
        ([], [], "lists of one length"),
        ([1.0], [-1.0], "`std` must be a number of at least 0"),
        ([np.nan], [1.0], "`mean` must be a number"),
    ],
)
def test_statistics_are_checked(mean, std, message):
    with pytest.raises(ValueError, match=message):
        text.Standardize(lengths, mean, std)


def test_statistics_must_have_the_length_of_the_vectors():
    encoder = text.Standardize(lengths, [0.0, 0.0], [1.0, 1.0])
    with pytest.raises(ValueError, match=r"vectors of 2 numbers.*shape=\(1, 3\)"):
        encoder(["a"])


class StandIn:
    """A preprocessor and a backbone in the form of KerasHub's."""

    def __init__(self, as_dict=True):
        tokens = keras.Input((4,), dtype="int32", name="token_ids")
        mask = keras.Input((4,), dtype="int32", name="padding_mask")
        table = keras.layers.Embedding(100, 3, name="table")
        states = table(tokens)
        outputs = {"sequence_output": states} if as_dict else states
        self.backbone = keras.Model({"token_ids": tokens, "padding_mask": mask}, outputs)
        self.table = keras.ops.convert_to_numpy(table.embeddings)
        self.as_dict = as_dict

    def preprocessor(self, captions):
        tokens = np.zeros((len(captions), 4), "int32")
        for row, caption in zip(tokens, captions, strict=True):
            row[: len(caption)] = [ord(character) - 32 for character in caption]
        inputs = {"token_ids": tokens, "padding_mask": (tokens > 0).astype("int32")}
        return inputs if self.as_dict else (inputs, None)


@pytest.mark.parametrize("as_dict", [True, False])
def test_states_of_kerashub_are_averaged_without_padding(as_dict):
    model = StandIn(as_dict)
    encoder = text.KerasHub(model, batch_size=2)
    vectors = encoder(["ab", "c", "abcd"])
    expected = [
        np.mean([model.table[ord(character) - 32] for character in caption], axis=0)
        for caption in ("ab", "c", "abcd")
    ]
    np.testing.assert_allclose(vectors, expected, rtol=1e-5, atol=1e-7)
    with pytest.raises(ValueError, match="saved with a preset only"):
        encoder.get_config()


def test_presets_of_kerashub_are_loaded_by_name(monkeypatch):
    model, asked = StandIn(), []

    def loader(part):
        return types.SimpleNamespace(
            from_preset=lambda preset: asked.append(preset) or part
        )

    models = types.SimpleNamespace(
        TextClassifierPreprocessor=loader(model.preprocessor),
        Backbone=loader(model.backbone),
    )
    monkeypatch.setitem(sys.modules, "keras_hub", types.SimpleNamespace(models=models))
    encoder = reloaded(text.KerasHub("bert_tiny_en_uncased", batch_size=3))
    assert asked == ["bert_tiny_en_uncased"] * 2 + ["bert_tiny_en_uncased"] * 2
    assert encoder.batch_size == 3 and encoder(["ab"]).shape == (1, 3)


def test_kerashub_names_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(ImportError, match=r'pip install "kgan\[kerashub\]"'):
        kgan.text.get("kerashub")
    with pytest.raises(ValueError, match="`preprocessor` and a `backbone`"):
        text.KerasHub(object())
