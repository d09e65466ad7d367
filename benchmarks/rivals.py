"""Trains GANs that people would take instead of kgan, and saves their samples.

    python benchmarks/rivals.py keras_io --data images.npz --minutes 10 --out rivals
    python benchmarks/rivals.py r3gan --data images.npz --minutes 10 --out rivals \\
        --r3gan R3GAN --width 64 --batch 64 --decay 100000

- `keras_io`: the example "DCGAN to generate face images" of keras.io, rewritten from its
  published settings in benchmarks/copied.py.
- `r3gan`: the code of the authors of R3GAN, https://github.com/brownvc/R3GAN, imported
  from a checkout. The script states only the training loop anew, since the authors' loop
  needs a GPU. Their networks, loss, augmentation, schedules and presets are called.
  Needs `pip install torch scipy requests click psutil "setuptools<81"`.

A process trains one rival. After each share of the minutes, the script writes
`OUT/NAME-SEED-SHARE.npz`: `samples` (uint8), `shown` (the real images shown so far),
`seconds` (by a clock, training alone, compiling included) and `processor_seconds`.
"""

import argparse
import copy
import json
import pathlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

# The preset of the authors of R3GAN for an image size, and the batch of their commands.
PRESETS = {32: ("CIFAR10", 512), 64: ("FFHQ-64", 256), 256: ("FFHQ-256", 256)}


class Rival:
    """A GAN that trains until a time, and goes on later.

    Attributes:
        name: Str, the name in the files.
        shown: Int, the real images shown so far.
        seconds: Float, the time spent in training, by a clock.
        processor_seconds: Float, the time that the processor spent in training.
    """

    name: str

    def __init__(self) -> None:
        self.shown, self.seconds, self.processor_seconds = 0, 0.0, 0.0

    def train(self, seconds: float) -> None:
        """Trains until `self.seconds` has reached `seconds`."""
        clock = self.seconds - time.perf_counter()
        processor = self.processor_seconds - time.process_time()

        def enough() -> bool:
            self.seconds = clock + time.perf_counter()
            self.processor_seconds = processor + time.process_time()
            return self.seconds >= seconds

        if not enough():
            self._train_until(enough)
            enough()

    def sample(self, count: int, seed: int) -> np.ndarray:
        """Returns uint8 images `(count, height, width, 3)`."""
        raise NotImplementedError

    def _train_until(self, enough: Callable[[], bool]) -> None:
        raise NotImplementedError


class KerasIO(Rival):
    """The DCGAN of keras.io.

    Args:
        images: uint8 array `(n, height, width, channels)`.
        seed: Int, the seed of the weights, of the latents and of the order of the images.
    """

    name = "keras_io"

    def __init__(self, images: np.ndarray, seed: int):
        super().__init__()
        # Here, so that TensorFlow is not in the process of another rival.
        import keras

        import copied
        import stop

        keras.utils.set_random_seed(seed)
        self._gan = copied.keras_io(images.shape[1:])
        self._batches = copied.batches(images, seed)
        self._batch_size, self._stop_when = copied.BATCH_SIZE, stop.StopWhen

    def _train_until(self, enough: Callable[[], bool]) -> None:
        def step() -> bool:
            self.shown += self._batch_size
            return enough()

        self._gan.fit(
            self._batches,
            shuffle=False,
            steps_per_epoch=10**4,
            epochs=10**6,
            verbose=0,
            callbacks=[self._stop_when(step)],
        )

    def sample(self, count: int, seed: int) -> np.ndarray:
        return self._gan.sample(count, seed)


class R3GANOfficial(Rival):
    """R3GAN by the code of its authors, with the preset for the size of the images.

    On a CPU all layers compute in float32, since bfloat16 takes many times as long there.

    Args:
        path: Path of a checkout of github.com/brownvc/R3GAN.
        images: uint8 array `(n, height, width, 3)` of 32x32, 64x64 or 256x256 pixels.
        seed: Int, the seed of the weights, of the latents and of the order of the images.
        width: Int, the channels of the widest stages, a multiple of 16. The groups keep
            their size. None takes the preset's width.
        batch: Int, the batch size. None takes the size of the authors' command.
        decay: Number of images after which the schedules reach their final values. The
            half-life of the averaged generator shrinks in proportion. None takes the
            preset's number, 20 million.
        augment: Bool, whether to augment all images for the discriminator.
        mirror: Bool, whether to train on the mirrored images too.
    """

    def __init__(
        self,
        path: str,
        images: np.ndarray,
        seed: int,
        width: int | None = None,
        batch: int | None = None,
        decay: float | None = None,
        augment: bool = True,
        mirror: bool = True,
    ):
        super().__init__()
        size = images.shape[1]
        if size not in PRESETS or images.shape[1:] != (size, size, 3):
            raise ValueError(
                "R3GAN has presets for colour images of 32x32, 64x64 or 256x256 pixels. "
                f"Received: images with shape {images.shape}"
            )
        if width is not None and width % 16:
            raise ValueError(f"Expected a multiple of 16. Received: width={width}")
        import torch

        # At the front, since the authors' modules include a `metrics`, like ours.
        sys.path.insert(0, str(path))
        preset, usual = PRESETS[size]
        self.batch = batch or usual
        settings = r3gan_settings(preset, self.batch, augment, mirror)
        self.width = scale_width(settings, width)
        if decay:
            scale_schedules(settings, decay)
        self.name = f"r3gan-w{self.width}-b{self.batch}"
        self.name += f"-d{decay:.0f}" if decay else ""
        self.name += ("" if augment else "-noaug") + ("" if mirror else "-nomirror")
        self._settings = settings
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        # 64 images are the share of each GPU in the authors' command for CIFAR-10. On a
        # CPU a part of this size would need gigabytes.
        self._part = 64 if self._device.type == "cuda" else 16
        torch.manual_seed(seed)
        self._set_up(size)
        self._reals = real_batches(images, self.batch, mirror, seed)
        self._parts = self._train_parts()

    def _set_up(self, size: int) -> None:
        """Builds the networks, their optimizers, the augmentation and the loss."""
        import torch
        from dnnlib.util import construct_class_by_name as construct
        from torch_utils.ops import bias_act, grid_sample_gradfix, upfirdn2d

        grid_sample_gradfix.enabled = True
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.allow_tf32 = False
        if self._device.type == "cuda":
            for operation in (bias_act, upfirdn2d):
                compile_or_bypass(operation)
        networks = []
        for kwargs in (self._settings["D_kwargs"], self._settings["G_kwargs"]):
            if self._device.type == "cpu":
                kwargs["FP16Stages"] = []
            network = construct(**kwargs, c_dim=0, img_resolution=size)
            networks.append(network.train().requires_grad_(False).to(self._device))
        discriminator, self._generator = networks
        self._averaged = copy.deepcopy(self._generator).eval()
        self._augment = None
        if "augment_kwargs" in self._settings:
            augment = construct(**self._settings["augment_kwargs"])
            self._augment = augment.requires_grad_(False).to(self._device)
        self._loss = construct(
            G=self._generator,
            D=discriminator,
            augment_pipe=self._augment,
            **self._settings["loss_kwargs"],
        )
        self._phases = []
        for name, network in (("D", discriminator), ("G", self._generator)):
            kwargs = self._settings[f"{name}_opt_kwargs"]
            # Newer versions of Adam refuse the integers of the authors.
            kwargs["betas"] = tuple(map(float, kwargs["betas"]))
            optimizer = construct(network.parameters(), **kwargs)
            self._phases.append((name, network, optimizer))

    def _scheduled(self, name: str) -> float:
        """Returns the present value of one of the authors' schedules."""
        from training.training_loop import cosine_decay_with_warmup

        schedule = self._settings[f"{name}_scheduler"]
        return cosine_decay_with_warmup(self.shown, **schedule)

    def _train_until(self, enough: Callable[[], bool]) -> None:
        import torch

        while not enough():
            next(self._parts)
            if self._device.type == "cuda":
                torch.cuda.synchronize()

    def _train_parts(self) -> Iterator[None]:
        """Trains endlessly, and yields after each part of a batch.

        A batch of the authors takes minutes on a CPU: the pauses are within.
        """
        import torch

        while True:
            if self._augment is not None:
                self._augment.p.fill_(self._scheduled("aug"))
            for phase, network, optimizer in self._phases:
                reals = next(self._reals)[0].to(self._device).float() / 127.5 - 1
                latents = torch.randn(self.batch, self._generator.z_dim)
                optimizer.zero_grad(set_to_none=True)
                for real, z in zip(
                    reals.split(self._part), latents.split(self._part), strict=True
                ):
                    network.requires_grad_(True)
                    self._loss.accumulate_gradients(
                        phase=phase,
                        real_img=real,
                        real_c=None,
                        gen_z=z.to(self._device),
                        gamma=self._scheduled("gamma"),
                        gain=len(real) / self.batch,
                    )
                    network.requires_grad_(False)
                    yield
                optimizer.param_groups[0]["lr"] = self._scheduled("lr")
                optimizer.param_groups[0]["betas"] = (0.0, self._scheduled("beta2"))
                optimizer.step()
            self._average()
            self.shown += self.batch

    def _average(self) -> None:
        """Moves the averaged generator by a step."""
        half_life = max(self._scheduled("ema"), 1e-8)
        momentum = 0.5 ** (self.batch / half_life)
        for average, weight in zip(
            self._averaged.parameters(), self._generator.parameters(), strict=True
        ):
            average.copy_(weight.lerp(average, momentum))

    def sample(self, count: int, seed: int) -> np.ndarray:
        import torch

        latents = np.random.RandomState(seed).randn(count, self._averaged.z_dim)
        parts = []
        for z in torch.from_numpy(latents).float().split(64):
            images = self._averaged(z.to(self._device), None).float()
            images = (images.permute(0, 2, 3, 1) * 127.5 + 128).clamp(0, 255)
            parts.append(images.to(torch.uint8).cpu().numpy())
        return np.concatenate(parts)


def r3gan_settings(
    preset: str, batch: int, augment: bool, mirror: bool
) -> dict[str, Any]:
    """Returns the settings that the authors' command line makes of its options."""
    import dnnlib
    import train

    found = {}
    # In place of the folder of images, and of the training that needs a GPU.
    train.init_dataset_kwargs = lambda data: (dnnlib.EasyDict(use_labels=False), "")
    train.launch_training = lambda c, **_: found.update(c)
    options = {"outdir": ".", "data": ".", "gpus": 1, "batch": batch, "preset": preset}
    options |= {"aug": int(augment), "mirror": int(mirror)}
    arguments = [f"--{name}={value}" for name, value in options.items()]
    train.main.main(arguments, standalone_mode=False)
    return found


def scale_width(settings: dict[str, Any], width: int | None) -> int:
    """Gives the widest stages of both networks this width, and returns the width."""
    widest = max(settings["G_kwargs"]["WidthPerStage"])
    width = width or widest
    for kwargs in (settings["G_kwargs"], settings["D_kwargs"]):
        for name in ("WidthPerStage", "CardinalityPerStage"):
            kwargs[name] = [max(1, value * width // widest) for value in kwargs[name]]
    return width


def scale_schedules(settings: dict[str, Any], decay: float) -> None:
    """Lets all schedules end after `decay` images."""
    average = settings["ema_scheduler"]
    average["final_value"] *= decay / average["total_nimg"]
    for name in ("ema", "aug", "lr", "gamma", "beta2"):
        settings[f"{name}_scheduler"]["total_nimg"] = decay


def compile_or_bypass(operation: Any) -> None:
    """Bypasses an operation's CUDA plugin by its reference if it does not compile."""
    try:
        operation._init()
    except Exception as error:
        print(f"{operation.__name__}: the plugin does not compile: {error}")
        operation._init = lambda: False


def real_batches(
    images: np.ndarray, batch: int, mirror: bool, seed: int
) -> Iterator[Any]:
    """Returns endless batches of the authors' data set, shuffled anew in each epoch."""
    from torch.utils.data import DataLoader
    from training.dataset import Dataset

    class Images(Dataset):
        def _load_raw_image(self, raw_idx: int) -> np.ndarray:
            return images[raw_idx].transpose(2, 0, 1)

    dataset = Images("images", (len(images), 3, *images.shape[1:3]), xflip=mirror)

    # Newer versions of PyTorch refuse the authors' sampler.
    def order() -> Iterator[int]:
        generator = np.random.default_rng(seed)
        while True:
            yield from generator.permutation(len(dataset)).tolist()

    return iter(DataLoader(dataset, batch, sampler=order()))


def save(rival: Rival, path: pathlib.Path, samples: int, seed: int) -> None:
    """Writes samples of a rival and its counts."""
    row: dict[str, Any] = {
        "name": rival.name,
        "shown": rival.shown,
        "seconds": rival.seconds,
    }
    row["processor_seconds"] = rival.processor_seconds
    part = path.with_suffix(".part.npz")
    np.savez_compressed(part, samples=rival.sample(samples, seed), **row)
    part.replace(path)
    print(json.dumps(row), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rival", choices=["keras_io", "r3gan"])
    parser.add_argument("--data", required=True, help=".npz with uint8 `images`")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--shares", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--samples", type=int, default=5_000)
    parser.add_argument("--out", default="rivals", help="folder of the samples")
    group = parser.add_argument_group("r3gan")
    group.add_argument("--r3gan", help="a checkout of github.com/brownvc/R3GAN")
    group.add_argument("--width", type=int, help="channels, if not the preset's")
    group.add_argument("--batch", type=int, help="batch size, if not the authors'")
    group.add_argument("--decay", type=float, help="images until the schedules end")
    group.add_argument("--augment", action=argparse.BooleanOptionalAction, default=True)
    group.add_argument("--mirror", action=argparse.BooleanOptionalAction, default=True)
    arguments = parser.parse_args()
    if arguments.rival == "r3gan" and arguments.r3gan is None:
        parser.error("r3gan needs a checkout of its authors' code. Expected --r3gan PATH")
    out = pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    images = np.load(arguments.data)["images"]
    if arguments.rival == "keras_io":
        rival: Rival = KerasIO(images, arguments.seed)
    else:
        names = ("width", "batch", "decay", "augment", "mirror")
        options = {name: getattr(arguments, name) for name in names}
        rival = R3GANOfficial(arguments.r3gan, images, arguments.seed, **options)
    for share in range(1, arguments.shares + 1):
        rival.train(60 * arguments.minutes * share / arguments.shares)
        path = out / f"{rival.name}-{arguments.seed}-{share}.npz"
        save(rival, path, arguments.samples, arguments.seed + 1)


if __name__ == "__main__":
    main()
