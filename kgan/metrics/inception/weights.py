"""Where the weights of FID's network are, and whether they are those."""

import hashlib
import os
import pathlib
from typing import Any

import keras

NAME = "pt_inception-2015-12-05-6726825d.pth"
ORIGIN = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{NAME}"
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
VARIABLE = "KGAN_INCEPTION"


def find(path: Any = None, download: bool = False) -> pathlib.Path:
    """Returns the path of the weights.

    Args:
        path: That of the user; None to look into the environment variable
            `KGAN_INCEPTION` and among what Keras has downloaded.
        download: Bool, whether to download them if they are nowhere.

    Raises:
        FileNotFoundError: If there are none.
        ValueError: If what was downloaded is something else.
    """
    named = path or os.environ.get(VARIABLE)
    if named is not None:
        if not os.path.isfile(named):
            raise FileNotFoundError(
                f"There are no weights of the Inception network. Received: {named}"
            )
        return pathlib.Path(named)
    home = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")
    kept = pathlib.Path(home, "models", NAME)
    if not kept.is_file():
        if not download:
            raise FileNotFoundError(
                "FID needs the weights of the Inception network, 96 MB: download=True "
                f"gets them from {ORIGIN}; or pass the path of that file, or set "
                f"{VARIABLE} to it. Received: weights=None"
            )
        _download(kept)
    # `get_file` leaves a file on disk whose hash is wrong.
    if sha256(kept) != SHA256:
        raise ValueError(
            "What was downloaded is not the published file; remove it. "
            f"Received: {kept} with another SHA-256 than {SHA256}"
        )
    return kept


def _download(path: pathlib.Path) -> None:
    keras.utils.get_file(
        NAME, ORIGIN, file_hash=SHA256, cache_dir=path.parents[1], cache_subdir="models"
    )


def sha256(path: Any) -> str:
    """Returns the hash of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
