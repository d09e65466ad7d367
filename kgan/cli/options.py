"""The options of `kgan train`, and those that it shares with `kgan info`."""

import argparse

import kgan
from kgan.cli import pictures, types


def add_to(parser: argparse.ArgumentParser) -> None:
    """Adds the options of training to the command's parser."""
    add_model(parser)
    _add_run(parser.add_argument_group("the run"))


def add_model(parser: argparse.ArgumentParser) -> None:
    """Adds what says which GAN is trained, and on what."""
    _add_preset(parser.add_argument_group("data and preset"))
    pictures.add_to(parser.add_argument_group("pictures, see kgan.data.load"))
    _add_step(parser.add_argument_group("the algorithm, where not the preset's"))


def _add_preset(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--data", default="digits", metavar="X",
        help='"digits", the default; a folder or archive of pictures; an .npz, .npy or '
        '.csv file; "mnist", "cifar10" and so on, or "tfds:NAME"')  # fmt: skip
    add("--conditional", action="store_true",
        help="train on the labels of the data too, to sample by label")  # fmt: skip
    add("--preset", choices=kgan.presets.names(),
        help="by default that which suits the data; see `kgan info`")  # fmt: skip
    add("--compute", choices=("cpu", "gpu"),
        help="what to size networks for; by default what there is")  # fmt: skip
    add("--budget", type=types.count, metavar="N",
        help="real samples to show in all; by default the preset's")  # fmt: skip


def _add_step(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--epochs", "--epoch", type=types.count, metavar="N",
        help="epochs, in place of a budget")  # fmt: skip
    add("--batch-size", "--batch_size", "--true_batch", type=types.count, metavar="N",
        help="real samples in a batch")  # fmt: skip
    add("--noise-batch-size", "--noise_batch_size", "--noise_batch", type=types.count,
        metavar="N", help="noise vectors in an update")  # fmt: skip
    add("--latent-dim", "--latent_dim", "--n", type=types.count, metavar="N",
        help="length of a noise vector")  # fmt: skip
    for name, network in (("d", "discriminator"), ("g", "generator")):
        add(f"--{name}-steps", f"--{name}_steps", type=types.count, metavar="N",
            help=f"{network} updates in a step")  # fmt: skip
    names = [*kgan.losses.names(), "or a Keras loss such as mse"]
    add("--loss", metavar="NAME", help=", ".join(names))
    add("--augment", choices=("diffaugment", "ada"),
        help="for little data: what the discriminator sees is augmented")  # fmt: skip
    add("--seed", type=types.seed, default=0, metavar="N",
        help="seed of weights, noise and order (default: 0)")  # fmt: skip
    add("--precision", default="float32",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
        help="what the networks compute in (default: float32)")  # fmt: skip


def _add_run(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--out", metavar="FOLDER", help="run folder; by default a new one in runs/")
    add("--resume", metavar="RUN",
        help="go on with this run, exactly where it was interrupted")  # fmt: skip
    add("--strategy", choices=("none", "mirrored", "multi_worker"),
        help="train on all devices of this machine, or on the cluster in TF_CONFIG; "
        "by default none, or that of the run resumed")  # fmt: skip
