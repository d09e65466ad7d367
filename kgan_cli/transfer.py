"""The options of a training that starts from a trained GAN."""

import dataclasses

from kgan_cli import paths, types
from kgan_cli.option import Settings, option


@dataclasses.dataclass(frozen=True, kw_only=True)
class TransferSettings(Settings):
    """A trained GAN whose weights are the first weights of the training."""

    title = "start from a trained GAN"

    start_from: str | None = option(
        metavar="RUN|MODEL",
        aliases=("--from",),
        is_path=True,
        check=paths.check_gan,
        help="begin with the weights of this run folder or .keras file, or of a trained "
        "GAN of the package; the networks, and the size of images, are as in its run",
    )
    freeze_d: int | None = option(
        type=types.count,
        metavar="N",
        help="with --start-from, don't train the first N layers with weights of the "
        "discriminator (FreezeD)",
    )
