"""The path of one batch through kgan: the files it touches, and the depth of its calls.

    python benchmarks/frames.py

It trains a DCGAN on one batch of uint8 images by `fit`, and looks at each call of a
Python function. It prints the files of kgan with a function that was called between
`fit` and its return, and the functions of kgan on the longest way from
`update_discriminator` to the call of the discriminator. It calls public API only, so it
measures older versions too. On TensorFlow the step is traced once, and the functions that
read the data set in threads of TensorFlow are not seen.
"""

import argparse
import os
import pathlib
import sys
import threading

import kgan

import keras
import numpy as np

ROOT = pathlib.Path(kgan.__file__).parent
SHAPE, BATCH_SIZE = (32, 32, 1), 8
MOST_FILES, MOST_FRAMES = 20, 5


class Path:
    """What a profiler function saw.

    Args:
        network: The network to whose calls frames are counted.
        start: Name of the function from which they are counted.
    """

    def __init__(self, network, start):
        self.network = network
        self.start = start
        self.files = {}
        self.frames = []
        self.calls = 0

    def __call__(self, frame, event, _):
        if event != "call":
            return
        if is_own(frame):
            names = self.files.setdefault(frame.f_code.co_filename, [])
            if frame.f_code.co_name not in names:
                names.append(frame.f_code.co_name)
        elif (
            frame.f_code.co_name == "__call__"
            and frame.f_locals.get("self") is self.network
        ):
            self.count(frame.f_back)

    def count(self, frame):
        """Keeps the functions of kgan between the start and a frame, if most."""
        frames = []
        while frame is not None and frame.f_code.co_name != self.start:
            if is_own(frame):
                frames.append(f"{short(frame.f_code.co_filename)}: {name(frame.f_code)}")
            frame = frame.f_back
        if frame is not None:
            self.calls += 1
            self.frames = max(self.frames, frames[::-1], key=len)


def is_own(frame):
    return frame.f_code.co_filename.startswith(f"{ROOT}{os.sep}")


def short(path):
    return pathlib.Path(path).relative_to(ROOT).as_posix()


def name(code):
    return getattr(code, "co_qualname", code.co_name)


def follow(penalties, eager):
    """Returns the `Path` of one batch."""
    generator = kgan.networks.dcgan_generator(SHAPE, 16, width=8, depth=3)
    discriminator = kgan.networks.dcgan_discriminator(SHAPE, width=8, depth=3)
    gan = kgan.GAN(generator, discriminator, seed=0)
    gan.compile(loss="non_saturating", penalties=penalties, run_eagerly=eager)
    images = np.random.default_rng(0).integers(0, 256, (BATCH_SIZE, *SHAPE), "uint8")
    path = Path(discriminator, "update_discriminator")
    threading.setprofile(path)
    sys.setprofile(path)
    try:
        gan.fit(images, batch_size=BATCH_SIZE, verbose=0)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--eager", action="store_true", help="without a graph")
    parser.add_argument("--names", action="store_true", help="print the functions too")
    args = parser.parse_args()
    print(f"Keras {keras.__version__}, {keras.backend.backend()}")
    passed = True
    for penalty in ("r1", "gradient_penalty"):
        path, title = follow([penalty], args.eager), f"with {penalty}"
        print(f"\n{title}: {len(path.files)} files")
        for file, names in path.files.items():
            print(f"    {short(file)}" + (f"  {', '.join(names)}" if args.names else ""))
        print(
            f"{title}: {len(path.frames)} frames on the longest of {path.calls} ways "
            f"from {path.start} to the discriminator"
        )
        for frame in path.frames:
            print(f"    {frame}")
        # A penalty on other samples than reals and fakes is on the way to its own pass.
        if penalty == "r1":
            passed = len(path.files) <= MOST_FILES and len(path.frames) <= MOST_FRAMES
    print(f"\nAt most {MOST_FILES} files and {MOST_FRAMES} frames with r1: {passed}")
    sys.exit(not passed)


if __name__ == "__main__":
    main()
