"""`kgan train --dry-run`: prints the training as Python or JSON, and trains nothing."""

import dataclasses
import inspect
import json
from typing import Any

import kgan
from kgan.cli import dataset, run_folder, source
from kgan.cli.dataset import AnyData
from kgan.cli.training import Training
from kgan.presets import Call
from kgan.presets.call import code
from kgan.presets.translation import TranslatorPreset
from kgan_cli import paths
from kgan_cli.settings import ImageSettings, TrainSettings
from kgan_cli.status import Status


def run(settings: TrainSettings) -> int:
    """Prints the training, and returns the exit status.

    Raises:
        ValueError: If the training can't be printed, or can't be done.
    """
    if settings.dry_run == "python" and settings.strategy != "none":
        raise ValueError(
            "--dry-run prints Python for one device; --dry-run json records the "
            f"strategy. Received: --strategy {settings.strategy}"
        )
    training = source.begin(settings, _load_data)
    if settings.dry_run == "json":
        print(json.dumps(run_folder.record(training), indent=2, default=str))
    else:
        print(python(training))
    return Status.DONE


def _load_data(settings: TrainSettings) -> AnyData:
    # A cache would be written.
    return dataset.load_training(dataclasses.replace(settings, cache=None))


def python(training: Training) -> str:
    """Returns the Python code that loads the data, and builds and trains the GAN.

    Args:
        training: The training.
    """
    seed, precision = training.settings.seed, training.settings.precision
    lines = ["import kgan, keras", "", _load(training), ""]
    building = training.preset.code_to_build(seed)
    if precision != "float32":
        # For the networks alone, as in `kgan.cli.preset.build`.
        policies = [
            f'keras.config.set_dtype_policy("{p}")' for p in (precision, "float32")
        ]
        building = [policies[0], *building, policies[1]]
    if path := training.settings.record()["start_from"]:
        building.append(code(Call("gan.start_from", {"source": _source(path)})))
    preset = training.preset
    fitting = preset.code_to_train(seed)
    if training.text is not None:
        given = "vectors=vectors, counts=counts, "
        fitting = preset.code_to_train(seed, "CaptionBatches", given)
    return "\n".join([*lines, *building, *fitting])


def _source(path: str) -> str | Call:
    """Returns the trained GAN of `--start-from` as an argument."""
    if paths.is_trained_gan(path):
        return Call("kgan.GAN.from_preset", {"name": path})
    return str(paths.gan_file(path))


def _load(training: Training) -> str:
    """Returns the code that loads the data, with the options that are not the default."""
    settings = training.settings
    values = settings.record()
    names = [*(field.name for field in dataclasses.fields(ImageSettings)), "seed"]
    parameters = inspect.signature(kgan.data.load).parameters
    given = {n: values[n] for n in names if values[n] != parameters[n].default}
    if isinstance(training.preset, TranslatorPreset):
        name, _ = settings.sides
        paths = dict(zip(("source", "target"), values[name], strict=False))
        call = Call(f"kgan.data.load_{name}", {**paths, **given})
        variables = ", ".join(training.preset.names)
        return code(call, prefix=f"{variables} = ")
    if training.text is not None:
        return _load_captions(values, given)
    labels = "labels" if training.settings.conditional else "_"
    call = Call("kgan.data.load", {"source": values["data"], **given})
    return code(call, prefix=f"samples, {labels} = ")


def _load_captions(values: dict[str, Any], options: dict[str, Any]) -> str:
    """Returns the code that loads pictures with captions, and encodes the captions.

    Args:
        values: The options of the command, by name.
        options: The options of `kgan.data.load_captions`, by name.
    """
    options = {name: value for name, value in options.items() if name != "labels"}
    arguments = {"source": values["data"], "captions": values["captions"], **options}
    loading = Call("kgan.data.load_captions", arguments)
    encoder = Call("kgan.text.Standardize", {"encoder": values["encoder"]})
    method = "encoder.adapt"
    if values["start_from"]:
        kept = run_folder.run_of(values["start_from"]).encoder
        if kept.exists():
            encoder, method = Call("kgan.text.load", {"filepath": str(kept)}), "encoder"
    return "\n".join(
        [
            code(loading, prefix="samples, captions = "),
            code(encoder, prefix="encoder = "),
            f"vectors = {method}([text for texts in captions for text in texts])",
            "counts = [len(texts) for texts in captions]",
        ]
    )
