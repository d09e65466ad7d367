"""Complete settings of a training, for given data and a given machine."""

from collections.abc import Sequence

from kgan import backend, checks
from kgan.presets import cost as cost
from kgan.presets import recipes, translation
from kgan.presets.call import Call
from kgan.presets.preset import Preset, parts
from kgan.presets.request import Request

__all__ = ["Call", "Preset", "cost", "get", "names", "parts", "suggest"]


def suggest(
    image_shape: Sequence[int],
    num_images: int,
    num_classes: int | None = None,
    compute: str | None = None,
    budget: int | None = None,
    condition_dim: int | None = None,
    source_shape: Sequence[int] | None = None,
) -> Preset:
    """Suggests a preset: networks, options of `compile`, batch size and epochs.

    Args:
        image_shape: Shape of one sample: `(height, width, channels)` of an image,
            `(length, channels)` of a signal, or any other shape.
        num_images: Int, at least 1: number of samples in the data.
        num_classes: Int, at least 1, for a conditional GAN; None without labels.
        compute: `"cpu"` or `"gpu"`; None for a GPU if Keras finds one.
        budget: Int, at least 1: number of real images to show; None for the default of
            the preset.
        condition_dim: Int, at least 1, for a GAN that is given float vectors of this
            length, for example vectors of captions by `kgan.text`; None without vectors.
        source_shape: Shape of a source, for a model that translates pictures and learns
            from pairs; None for other models.

    Returns:
        A `Preset`, which builds the GAN and prints as the Python code that builds it.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> print(kgan.presets.suggest((2,), 2_000, compute="cpu", budget=10_000))
    import kgan, keras
    <BLANKLINE>
    keras.utils.set_random_seed(0)
    gan = kgan.GAN(
        generator=kgan.networks.mlp_generator(
            image_shape=(2,),
            latent_dim=64,
            activation=None,
        ),
        discriminator=kgan.networks.mlp_discriminator(image_shape=(2,)),
        ema_half_life=10_000,
        seed=0,
    )
    gan.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.002, beta_1=0.5, beta_2=0.99),
        loss="non_saturating",
        penalties=[kgan.penalties.R1(weight=0.3)],
    )
    batches = kgan.data.Batches(
        samples, batch_size=32, seed=0, drop_remainder=True
    )
    gan.fit(batches, epochs=52, steps_per_epoch=6)
    """
    shape = checks.shape(image_shape=image_shape)
    name = recipes.name_for(shape) if source_shape is None else "pix2pix"
    counts = num_images, num_classes, compute, budget, condition_dim
    return get(name, shape, *counts, source_shape)


def get(
    name: str,
    image_shape: Sequence[int],
    num_images: int,
    num_classes: int | None = None,
    compute: str | None = None,
    budget: int | None = None,
    condition_dim: int | None = None,
    source_shape: Sequence[int] | None = None,
) -> Preset:
    """Returns the preset of a given name.

    Args:
        name: One of `names()`.
        image_shape: Shape of one sample, see `suggest`.
        num_images: Int, at least 1, see `suggest`.
        num_classes: Int, at least 1, or None, see `suggest`.
        compute: `"cpu"`, `"gpu"` or None, see `suggest`.
        budget: Int, at least 1, or None, see `suggest`.
        condition_dim: Int, at least 1, or None, see `suggest`.
        source_shape: Shape of a source, for the presets `"pix2pix"` and `"cyclegan"`: a
            source of a pair, or a picture of A. Then `image_shape` is the shape of a
            target, or of a picture of B.

    Raises:
        ValueError: If there is no preset of that name, if the preset is not for samples
            of that shape, or if another argument is out of bounds.

    Example:

    >>> import kgan
    >>> preset = kgan.presets.get("r3gan", (32, 32, 3), 50_000, compute="gpu")
    >>> preset.compile["loss"]
    'relativistic'
    """
    request = Request(
        name=checks.one_of(names(), name=name),
        shape=checks.shape(image_shape=image_shape),
        num_images=checks.count(num_images=num_images),
        num_classes=checks.optional_count(num_classes=num_classes),
        compute=_compute(compute),
        budget=checks.optional_count(budget=budget),
        condition_dim=checks.optional_count(condition_dim=condition_dim),
        source_shape=None
        if source_shape is None
        else checks.shape(source_shape=source_shape),
    )
    translates = name in translation.NAMES
    if translates != (source_shape is not None):
        needs = "needs the shape of the sources" if translates else "has no sources"
        raise ValueError(
            f"The preset {name!r} {needs}. {checks.received(source_shape=source_shape)}"
        )
    return recipes.RECIPES[name](request)


def names() -> list[str]:
    """Returns the names of all presets, in alphabetical order."""
    return sorted(recipes.RECIPES)


def _compute(compute: str | None) -> str:
    checks.one_of(("cpu", "gpu", None), compute=compute)
    return compute or ("gpu" if backend.has_gpu() else "cpu")
