"""What to train with, from the shape and the size of the data."""

from collections.abc import Sequence

from kgan import backend
from kgan.presets import cost as cost
from kgan.presets import recipes
from kgan.presets.call import Call
from kgan.presets.preset import Preset

__all__ = ["Call", "Preset", "cost", "get", "names", "suggest"]


def suggest(
    image_shape: Sequence[int],
    num_images: int,
    num_classes: int | None = None,
    compute: str | None = None,
    budget: int | None = None,
) -> Preset:
    """Suggests all that a training is made of.

    Args:
        image_shape: Shape of one sample: `(height, width, channels)`, `(length,
            channels)` of a signal, or any other.
        num_images: Int, samples in the data.
        num_classes: Int, for a conditional GAN; None without labels.
        compute: `"cpu"` or `"gpu"`; None for what the backend of Keras sees.
        budget: Int, how many real images to show; None for what the data needs.

    Returns:
        A `Preset`, which builds the GAN and prints as the Python that does so.

    Raises:
        ValueError: If an argument can't be used.

    Example:

    >>> import kgan
    >>> print(kgan.presets.suggest((2,), num_images=2_000, compute="cpu"))
    import keras, kgan
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
    gan.fit(batches, epochs=75)
    """
    compute = _compute(compute)
    name = recipes.name_for(tuple(image_shape), compute)
    return get(name, image_shape, num_images, num_classes, compute, budget)


def get(
    name: str,
    image_shape: Sequence[int],
    num_images: int,
    num_classes: int | None = None,
    compute: str | None = None,
    budget: int | None = None,
) -> Preset:
    """Returns a preset by its name.

    Args:
        name: One of `names()`.
        image_shape: See `suggest`, as for the other arguments.
        num_images: Int.
        num_classes: Int or None.
        compute: `"cpu"`, `"gpu"` or None.
        budget: Int or None.

    Raises:
        ValueError: If there is none of that name, or an argument can't be used.

    Example:

    >>> import kgan
    >>> preset = kgan.presets.get("r3gan", (32, 32, 3), 50_000, compute="gpu")
    >>> preset.compile["loss"]
    'relativistic'
    """
    if name not in recipes.RECIPES:
        raise ValueError(
            f"There are the presets {', '.join(map(repr, names()))}. "
            f"Received: name={name!r}"
        )
    shape = tuple(image_shape)
    if not shape or not all(map(_is_count, shape)):
        raise ValueError(
            "`image_shape` must be the shape of one sample, ints of at least 1. "
            f"Received: image_shape={image_shape!r}"
        )
    counts = {"num_images": num_images, "num_classes": num_classes, "budget": budget}
    for argument, value in counts.items():
        optional = argument != "num_images" and value is None
        if not optional and not _is_count(value):
            raise ValueError(
                f"`{argument}` must be an int of at least 1. "
                f"Received: {argument}={value!r}"
            )
    recipes.check_shape(name, shape)
    recipe = recipes.RECIPES[name]
    return recipe(shape, num_images, num_classes, _compute(compute), budget)


def names() -> list[str]:
    """Returns the names of all presets."""
    return sorted(recipes.RECIPES)


def _compute(compute: str | None) -> str:
    if compute not in ("cpu", "gpu", None):
        raise ValueError(
            f"`compute` must be 'cpu', 'gpu' or None. Received: compute={compute!r}"
        )
    return compute or ("gpu" if backend.has_gpu() else "cpu")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
