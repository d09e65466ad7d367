"""Operations of image networks in numpy, by their definitions."""

import numpy as np


def convolve(x, kernel, bias=0.0):
    """A 2-D convolution of stride 1 with zeros beyond the edge, group by group.

    x: (batch, height, width, channels); kernel: (k, k, channels of a group, filters).
    """
    k, _, inside, filters = kernel.shape
    groups = x.shape[-1] // inside
    each = filters // groups
    padded = np.pad(x, ((0, 0), (k // 2,) * 2, (k // 2,) * 2, (0, 0)))
    y = np.zeros((*x.shape[:3], filters))
    for g in range(groups):
        part = padded[..., g * inside : (g + 1) * inside]
        weights = kernel[..., g * each : (g + 1) * each]
        for i in range(k):
            for j in range(k):
                window = part[:, i : i + x.shape[1], j : j + x.shape[2]]
                y[..., g * each : (g + 1) * each] += window @ weights[i, j]
    return y + bias


def filtered(x):
    """[1, 3, 3, 1] along both axes, of full size."""
    kernel = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64
    y = np.zeros((x.shape[0], x.shape[1] + 3, x.shape[2] + 3, x.shape[3]))
    for i in range(4):
        for j in range(4):
            y[:, i : i + x.shape[1], j : j + x.shape[2]] += kernel[i, j] * x
    return y


def stretched(x):
    filled = np.zeros((x.shape[0], 2 * x.shape[1], 2 * x.shape[2], x.shape[3]))
    filled[:, ::2, ::2] = x
    return 4 * filtered(filled)[:, 1:-2, 1:-2]


def shrunk(x):
    return filtered(x)[:, 2:-1:2, 2:-1:2]


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)
