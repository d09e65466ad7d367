"""`kgan explore`."""

import pathlib

import numpy as np

import kgan
from kgan.cli import browser, class_labels, outputs, run_folder
from kgan.cli.html import Exploration, write_explorer
from kgan.latents.directions import METHODS
from kgan.layers.styles import has_styles
from kgan_cli import paths
from kgan_cli.after_training import ExploreSettings
from kgan_cli.status import Status


def run(settings: ExploreSettings) -> int:
    """Writes the page, and returns the exit status."""
    out, source = pathlib.Path(settings.out), pathlib.Path(settings.run_or_model)
    outputs.check_out(out, (".html",))
    gan = run_folder.load_gan(source)
    outputs.check_images(gan, out)
    _check_inputs(gan, source)
    outputs.check_finite(gan.sample(1, seed=0), settings.run_or_model)
    write_explorer(explore(gan, source, settings.count), out)
    print(f"{out} draws samples of {source} in a browser.")
    return Status.DONE


def _check_inputs(gan: kgan.GAN, source: pathlib.Path) -> None:
    """Checks that a seed and a class are all that a sample needs.

    Raises:
        ValueError: If the GAN has other conditions, or no latents.
    """
    if not gan.latent_dim or (gan.conditions and not gan.conditions.are_labels):
        raise ValueError(
            "The page draws samples of a seed and of a class, and this GAN needs other "
            "conditions: use `kgan sample RUN --text` for a GAN of captions, and "
            f"`gan.sample(conditions=...)` for another. Received: {source}"
        )


def explore(gan: kgan.GAN, source: pathlib.Path, count: int) -> Exploration:
    """Returns everything that the page needs.

    Args:
        gan: The GAN.
        source: The run folder or the `.keras` file of the GAN.
        count: Int, the number of seeds, from 0 up.

    Raises:
        ValueError: If the generator has a layer that a browser can't compute.
    """
    program = browser.translate(gan.fresh_generator())
    return Exploration(
        name=source.resolve().stem if source.is_file() else source.resolve().name,
        command=f"kgan sample {paths.quoted(source)} --count 1 --seed N",
        program=program,
        shape=gan.sample_shape,
        sample_range=gan.sample_range,
        # One seed for each sample, as `kgan sample --count 1`.
        latents=np.concatenate(
            [gan.noise.sample((1, gan.latent_dim), seed=seed) for seed in range(count)]
        ),
        directions=_directions(gan, program),
        classes=class_labels.names(gan, source),
    )


def _directions(gan: kgan.GAN, program: browser.Program) -> dict[str, np.ndarray]:
    """Returns the strongest directions by method; none if the page can't move along them.

    They are directions of styles for a generator with styles, and else of latents.
    """
    if has_styles(gan.sampling_generator) != program.has_styles:
        return {}
    try:
        return {m: kgan.latents.directions(gan, method=m) for m in METHODS}
    # Without a dense layer there are none.
    except ValueError:
        return {}
