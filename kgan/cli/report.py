"""What `kgan train` says when it ends."""

import pathlib
import shutil
import sys

import kgan


def say(
    gan: kgan.GAN, folder: pathlib.Path, epochs: int, seconds: float, stopped: bool
) -> None:
    """Prints what was trained, what the run folder holds, and what to do next.

    Args:
        gan: The trained GAN.
        folder: The run folder.
        epochs: How many were trained.
        seconds: How long that took.
        stopped: Whether by Ctrl-C, so that there is something to go on with.
    """
    images = kgan.data.is_image_shape(gan.sample_shape)
    print(
        f"Trained {epochs} epochs, {int(gan.images_seen.numpy()):,} samples shown, in "
        f"{seconds:.0f} s. In {folder}:\n"
    )
    skipped = (folder / "skipped.txt").exists()
    why_not = gan.why_no_export("tf_saved_model")
    lines = {
        "samples/": "a grid of samples after each epoch" if images else None,
        "samples.gif": "the same as an animation" if images else None,
        "reals.png": "real ones, to compare" if images else None,
        "history.csv": "the losses",
        "config.json": "what it takes to repeat this run",
        "skipped.txt": skipped and "the files that are left out, and why",
        "gan.keras": "the GAN, to sample from and to train on",
        "saved_model/": None if why_not else "the generator for TensorFlow, without kgan",
    }
    for name, text in lines.items():
        if text:
            print(f"  {name:<13}{text}")
    if why_not:
        print(f"\nNo saved_model/: {why_not}")
    # In a virtual environment that is not activated, `kgan` is not on the path.
    program = "kgan" if shutil.which("kgan") else f"{sys.executable} -m kgan"
    print("\nNext:\n")
    if stopped:
        print(f"  {program} train --resume {folder}")
    print(f"  {program} sample {folder} --count 100 --out more.png")
    print(
        f'  gan = keras.models.load_model("{folder / "gan.keras"}")  # after: import kgan'
    )
