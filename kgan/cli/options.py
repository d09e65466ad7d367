"""The options of `kgan train`."""

import argparse

import kgan
from kgan.cli import recipe, types


def add_to(parser: argparse.ArgumentParser) -> None:
    """Adds the options to the command's parser."""
    add = parser.add_argument
    add(
        "--data",
        default="digits",
        metavar="X.npz",
        help='"digits", or an .npz file with an array of samples',
    )
    add(
        "--epochs",
        "--epoch",
        type=types.count,
        metavar="N",
        help=f"epochs; by default as many as show {recipe.IMAGES_SHOWN:,} samples",
    )
    add(
        "--batch-size",
        "--batch_size",
        "--true_batch",
        type=types.count,
        metavar="N",
        default=recipe.BATCH_SIZE,
        help="real samples in a batch",
    )
    add(
        "--noise-batch-size",
        "--noise_batch_size",
        "--noise_batch",
        type=types.count,
        metavar="N",
        help="noise vectors in an update; by default as many as reals",
    )
    add(
        "--latent-dim",
        "--latent_dim",
        "--n",
        type=types.count,
        metavar="N",
        default=recipe.LATENT_DIM,
        help="length of a noise vector",
    )
    for name, network in (("d", "discriminator"), ("g", "generator")):
        add(
            f"--{name}-steps",
            f"--{name}_steps",
            type=types.count,
            metavar="N",
            default=1,
            help=f"{network} updates in a step",
        )
    add(
        "--loss",
        default="non_saturating",
        metavar="NAME",
        help=", ".join(kgan.losses.names()) + ", or a Keras loss such as mse",
    )
    add(
        "--seed",
        type=types.seed,
        default=0,
        metavar="N",
        help="seed of weights, noise and order",
    )
    add(
        "--precision",
        default="float32",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
        help="what the networks compute in",
    )
    add(
        "--conditional",
        action="store_true",
        help="train on the labels of the data too, to sample by label",
    )
    add(
        "--augment",
        choices=("diffaugment", "ada"),
        help="for little data: what the discriminator sees is augmented",
    )
    add("--out", metavar="FOLDER", help="run folder; by default a new one in runs/")
    add(
        "--resume",
        metavar="RUN",
        help="go on with this run, exactly where it was interrupted",
    )
    add(
        "--strategy",
        choices=("none", "mirrored", "multi_worker"),
        help="train on all devices of this machine, or on the cluster in TF_CONFIG; "
        "by default none, or that of the run resumed",
    )
