"""`kgan interpolate`."""

import itertools
import pathlib
from typing import Any

import numpy as np

import kgan
from kgan import checks
from kgan.cli import class_labels, outputs, run_folder
from kgan.data import map_conditions
from kgan_cli.after_training import InterpolateSettings
from kgan_cli.status import Status

_ENDINGS = (".gif", ".png", ".mp4", "")
# The endings of files that are shown again and again, so that the path is closed.
_LOOPS = (".gif", ".mp4")


def run(settings: InterpolateSettings) -> int:
    """Draws the samples on the path, and returns the exit status."""
    out = pathlib.Path(settings.out)
    outputs.check_out(out, _ENDINGS)
    if len(settings.seeds) < 2:
        raise ValueError(
            "A path needs two seeds or more. Received: --seeds "
            f"{' '.join(map(str, settings.seeds))}"
        )
    gan = run_folder.load_gan(pathlib.Path(settings.run_or_model))
    outputs.check_images(gan, out)
    label = class_labels.resolve(settings.label, gan, settings.run_or_model)
    if label is None and gan.num_classes is not None:
        label = 0
    is_closed = out.suffix in _LOOPS
    path = _path(gan, settings, is_closed)
    given: dict[str, Any] = {"labels": label, "psi": settings.psi}
    if settings.text:
        encoder = run_folder.load_encoder(
            pathlib.Path(settings.run_or_model), settings.text
        )
        vectors = _between(encoder(settings.text), len(path), is_closed)
        given["conditions"] = vectors
    elif gan.latents.conditions and gan.num_classes is None:
        # The conditions of the first seed, since those of each sample would flicker.
        one = gan.latents.given(None, 1, seed=settings.seeds[0])
        given["conditions"] = map_conditions(lambda x: np.repeat(x, len(path), 0), one)
    samples = gan.sample(z=path, **given)
    outputs.check_finite(samples, settings.run_or_model)
    outputs.save_frames(gan.sample_range.to_uint8(samples), out)
    print(f"{checks.counted(len(path), 'sample')} in {out}")
    return Status.DONE


def _between(stops: np.ndarray, count: int, is_closed: bool) -> np.ndarray:
    """Returns `count` vectors on the lines between the vectors of texts."""
    stops = np.concatenate([stops, stops[:1]]) if is_closed else stops
    places = np.linspace(0, len(stops) - 1, count, endpoint=not is_closed)
    starts = places.astype(int)
    ends = np.minimum(starts + 1, len(stops) - 1)
    shares = (places - starts)[:, None].astype("float32")
    return (1 - shares) * stops[starts] + shares * stops[ends]


def _path(gan: kgan.GAN, settings: InterpolateSettings, is_closed: bool) -> np.ndarray:
    """Returns the latents of the seeds, and latents on the arcs between them."""
    seeds = [*settings.seeds, *settings.seeds[: int(is_closed)]]
    stops = [gan.noise.sample((1, gan.latent_dim), seed=seed)[0] for seed in seeds]
    stops = [np.asarray(stop, "float32") for stop in stops]
    steps = settings.steps + 1
    arcs = [
        kgan.latents.interpolate(start, end, steps)[:-1]
        for start, end in itertools.pairwise(stops)
    ]
    # A closed path ends one step before its beginning.
    return np.concatenate(arcs if is_closed else [*arcs, stops[-1:]])
