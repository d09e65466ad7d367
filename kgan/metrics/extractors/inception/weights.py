"""The file with the weights of FID's network: where it is, and its hash."""

import hashlib
import os
import pathlib

import keras

from kgan.types import PathLike

NAME = "pt_inception-2015-12-05-6726825d.pth"
ORIGIN = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{NAME}"
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
VARIABLE = "KGAN_INCEPTION"
# Where Keras keeps downloads if the user's folder is read-only.
_NO_HOME = "/tmp/.keras"


def find(path: PathLike | None = None, download: bool = False) -> pathlib.Path:
    """Returns the path of the weights.

    Args:
        path: Path of the file; None to look into the environment variable
            `KGAN_INCEPTION`, and then into the downloads of Keras.
        download: Bool, whether to download the file if it is in neither place.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If the file can't be downloaded, or is not the published one.
    """
    given = path or os.environ.get(VARIABLE)
    if given is not None:
        if not os.path.isfile(given):
            raise FileNotFoundError(
                f"There are no weights of the Inception network. Received: {given}"
            )
        return pathlib.Path(given)
    homes = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras"), _NO_HOME
    places = [pathlib.Path(home, "models", NAME) for home in homes]
    downloaded = next(filter(os.path.isfile, places), None)
    if downloaded is None:
        if not download:
            raise FileNotFoundError(
                "FID needs the weights of the Inception network, 96 MB: download=True "
                f"gets them from {ORIGIN}; or pass the path of that file, or set "
                f"{VARIABLE} to it. Received: weights=None"
            )
        downloaded = _download(homes[0])
    # `get_file` leaves a file with a wrong hash on disk.
    if sha256(downloaded) != SHA256:
        raise ValueError(
            "The downloaded file is not the published file; remove it. "
            f"Received: {downloaded} with another SHA-256 than {SHA256}"
        )
    return downloaded


def _download(home: str) -> pathlib.Path:
    """Downloads the file, and returns its path: elsewhere if `home` is read-only."""
    options = {"file_hash": SHA256, "cache_dir": home, "cache_subdir": "models"}
    try:
        return pathlib.Path(keras.utils.get_file(NAME, ORIGIN, **options))
    # `keras.utils.get_file` raises plain exceptions.
    except Exception as error:
        raise ValueError(
            "The weights of the Inception network can't be downloaded "
            f"({' '.join(str(error).split())}). Without a connection, bring the file to "
            f"{os.path.join(home, 'models', NAME)}, or set {VARIABLE} to its path. "
            f"Received: download=True"
        ) from None


def sha256(path: PathLike) -> str:
    """Returns the SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
