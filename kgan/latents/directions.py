import keras
import numpy as np
from keras import ops

from kgan import checks
from kgan.backend import keras_private
from kgan.layers import ModulatedConv2D
from kgan.layers.styles import has_styles
from kgan.models.gan import GAN
from kgan.models.sampling import check_gan

METHODS = ("sefa", "principal")
# The default number of directions.
_COUNT = 8
# The number of latents whose features the principal components are computed from.
_SAMPLES = 10_000


def directions(
    gan: GAN, n: int | None = None, method: str = "sefa", seed: int | None = 0
) -> np.ndarray:
    """Returns directions in which latents change the samples the most.

    Each direction often changes one property of the picture: a colour, the pose, the
    size. Add a multiple of a direction to a latent to see the change.

    With `"sefa"`, the directions are the eigenvectors of `A Aᵀ` with the largest
    eigenvalues, where `A` is the kernel `(latent_dim, units)` of the first dense layer of
    the generator: unit vectors that change the output of the layer the most. With
    `"principal"`, they lead to the principal components of the outputs of the layer
    for random latents: `zᵀ u`, the product of latents and of their coordinates along a
    component, normalised.

    For a generator with styles (StyleGAN2) the directions are directions of mapped
    latents, see `gan.map_latents`. `A` has the kernels of the dense layers of all
    `kgan.layers.ModulatedConv2D` side by side, and the principal components are those of
    the mapped latents themselves.

    Args:
        gan: A `kgan.GAN`.
        n: Int, 1 to `latent_dim`, the number of directions; None for 8, or for all of a
            shorter latent.
        method: `"sefa"` or `"principal"`.
        seed: Int, seed of the random latents of `"principal"`.

    Returns:
        A float32 array `(n, latent_dim)` of unit vectors, the strongest first. Each
        vector and its negative are equally right; the largest coordinate is positive.

    Raises:
        ValueError: If `gan` is no GAN, an argument is out of bounds, or the generator has
            no dense layer for its latents or its styles.

    Example:

    >>> import kgan
    >>> gan = kgan.GAN(
    ...     kgan.networks.mlp_generator((2,), latent_dim=8),
    ...     kgan.networks.mlp_discriminator((2,)),
    ... )
    >>> z = gan.noise.sample((1, 8), seed=0)
    >>> moved = z + 2 * kgan.latents.directions(gan, n=3)
    >>> gan.sample(z=moved).shape
    (3, 2)

    Reference:
        [Shen and Zhou, 2021 (SeFa)](https://arxiv.org/abs/2007.06600);
        [Härkönen et al., 2020 (GANSpace)](https://arxiv.org/abs/2004.02546).
    """
    check_gan(gan, "directions")
    n = min(_COUNT, gan.latent_dim) if n is None else n
    n = checks.count(maximum=gan.latent_dim, n=n)
    method, seed = checks.one_of(METHODS, method=method), checks.seed(seed=seed)
    found = (_sefa(gan) if method == "sefa" else _principal(gan, seed))[:n]
    largest = np.take_along_axis(found, abs(found).argmax(axis=1)[:, None], axis=1)
    return (found * np.sign(largest)).astype("float32")


def _sefa(gan: GAN) -> np.ndarray:
    generator = gan.fresh_generator()
    if has_styles(generator):
        kernel = _style_kernels(generator)
    else:
        kernel = _first_kernel(generator, gan.latent_dim)
    return _by_eigenvalue(kernel @ kernel.T)


def _principal(gan: GAN, seed: int | None) -> np.ndarray:
    generator = gan.fresh_generator()
    if has_styles(generator):
        w = gan.map_latents(_SAMPLES, seed).astype("float64")
        w -= w.mean(axis=0)
        return _by_eigenvalue(w.T @ w)
    z = gan.noise.sample((_SAMPLES, gan.latent_dim), seed=seed)
    features = z.astype("float64") @ _first_kernel(generator, gan.latent_dim)
    features -= features.mean(axis=0)
    components = _by_eigenvalue(features.T @ features)
    found = (features @ components[: gan.latent_dim].T).T @ z
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def _style_kernels(generator: keras.Model) -> np.ndarray:
    """Returns the kernels from a style to the scales of all layers, side by side."""
    layers = keras_private.all_layers(generator)
    kernels = [
        ops.convert_to_numpy(layer.style.scaled_kernel()).astype("float64")
        for layer in layers
        if isinstance(layer, ModulatedConv2D)
    ]
    if not kernels:
        raise ValueError(
            "The directions of styles need a generator with a "
            "`kgan.layers.ModulatedConv2D`. "
            f"Received: generator={generator}"
        )
    return np.concatenate(kernels, axis=1)


def _first_kernel(generator: keras.Model, latent_dim: int) -> np.ndarray:
    """Returns the rows for the latents in the kernel of the first dense layer."""
    for layer in keras_private.all_layers(generator):
        if isinstance(layer, keras.layers.Dense):
            kernel = ops.convert_to_numpy(layer.kernel).astype("float64")
            # A label's embedding may follow the latents.
            if len(kernel) >= latent_dim:
                return kernel[:latent_dim]
            break
    raise ValueError(
        "Directions need a generator that begins with a `keras.layers.Dense` of its "
        f"latents. Received: generator={generator}"
    )


def _by_eigenvalue(matrix: np.ndarray) -> np.ndarray:
    """Returns the eigenvectors of a symmetric matrix in rows, the largest first."""
    return np.linalg.eigh(matrix)[1].T[::-1]
