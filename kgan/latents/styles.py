import numpy as np

from kgan import checks
from kgan.layers.styles import style_parts
from kgan.models.gan import GAN
from kgan.models.latents import checked_styles
from kgan.models.sampling import check_gan
from kgan.types import ArrayLike


def style_mix(
    gan: GAN,
    coarse: ArrayLike,
    fine: ArrayLike,
    cut: int | None = None,
    as_uint8: bool = False,
) -> np.ndarray:
    """Draws a grid of samples that mix the styles of two sets of mapped latents.

    The sample in row i and column j has the styles of `coarse[i]` in the first `cut`
    layers of the synthesis network, which draw the small sizes, and the styles of
    `fine[j]` in the other layers. The coarse styles decide on pose and shape, the fine
    styles on colours and texture.

    Args:
        gan: A `kgan.GAN` whose generator has styles, for example of
            `kgan.networks.stylegan2_generator`.
        coarse: Mapped latents, a float array `(rows, latent_dim)` of `gan.map_latents` or
            `gan.project`; or `(rows, count, latent_dim)`, with a style for each layer.
        fine: Mapped latents of the columns, of the same form.
        cut: Int, 1 to `count - 1`: the number of coarse styles; None for one half.
        as_uint8: Bool, whether to return pixels of 0 to 255.

    Returns:
        An array `(rows, columns, ...)` of samples, float32 in the generator's range, or
        uint8.

    Raises:
        ValueError: If an argument does not fit the generator.

    Example:

    >>> import kgan
    >>> gan = kgan.GAN(
    ...     kgan.networks.stylegan2_generator((8, 8, 1), 16, width=4),
    ...     kgan.networks.stylegan2_discriminator((8, 8, 1), width=4),
    ... )
    >>> a, b = gan.map_latents(2, seed=1), gan.map_latents(3, seed=2)
    >>> kgan.latents.style_mix(gan, a, b, cut=1).shape
    (2, 3, 8, 8, 1)

    Reference:
        [Karras et al., 2018](https://arxiv.org/abs/1812.04948), section 3.1.
    """
    check_gan(gan)
    _, synthesis = style_parts(gan.sampling_generator, "`style_mix`")
    shape = tuple(synthesis.input_shape[1:])
    if len(shape) != 2:
        raise ValueError(
            "`style_mix` needs a synthesis network with a style for each layer, "
            f"(batch, count, dim). Received: {synthesis.name} of input shape "
            f"{synthesis.input_shape}"
        )
    rows, columns = checked_styles(shape, coarse=coarse), checked_styles(shape, fine=fine)
    cut = shape[0] // 2 if cut is None else cut
    cut = checks.count(maximum=shape[0] - 1, cut=cut)
    is_coarse = np.arange(shape[0])[:, None] < cut
    mixed = np.where(is_coarse, rows[:, None], columns[None])
    samples = gan.sample(w=mixed.reshape(-1, *shape), as_uint8=as_uint8)
    return samples.reshape(len(rows), len(columns), *samples.shape[1:])
