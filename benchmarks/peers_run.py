"""Trains the networks of one job in one way, for benchmarks/peers.py, which starts it.

    python benchmarks/peers_run.py CONTENDER JOB BATCH_SIZE POLICY

The process says when its first step is done. Then it reads numbers of steps from its
input, runs these steps and says how many seconds they took. All that it says are lines of
JSON after a mark.
"""

import dataclasses
import functools
import itertools
import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

MARK = "@peers "
# The shape of the samples of each job.
SHAPES: dict[str, tuple[int, ...]] = {
    "dcgan32": (32, 32, 1),
    "dcgan64": (64, 64, 3),
    "points": (2,),
    "penalties": (32, 32, 1),
    "default": (32, 32, 3),
    "digits": (8, 8, 1),
    "stylegan2": (128, 128, 3),
    "r3gan": (32, 32, 3),
}
LATENT_DIM = 128
# The most samples that are kept in memory; a longer block shows them again.
_KEPT = 8_192
# Runs a number of steps, and waits until the last of them is done.
Block = Callable[[int], Any]


def samples(job: str, count: int) -> np.ndarray:
    """Returns random samples: uint8 images, or float32 points."""
    generator = np.random.default_rng(0)
    shape = (min(count, _KEPT), *SHAPES[job])
    if len(shape) == 2:
        return generator.uniform(-1, 1, shape).astype("float32")
    return generator.integers(0, 256, shape, "uint8")


def networks(job: str):
    """Returns the networks of a job for Keras."""
    import kgan

    shape = SHAPES[job]
    if job == "points":
        return (
            kgan.networks.mlp_generator(shape, LATENT_DIM, activation=None),
            kgan.networks.mlp_discriminator(shape),
        )
    kind, more = "dcgan", {"width": 64}
    if job == "stylegan2":
        kind, more = "stylegan2", {"width": 512}
    if job == "r3gan":
        kind, more = "r3gan", {"width": 256}
    build = [getattr(kgan.networks, f"{kind}_{part}") for part in PARTS]
    return build[0](shape, LATENT_DIM, **more), build[1](shape, **more)


PARTS = ("generator", "discriminator")


def plain_networks(job: str):
    """Returns the same networks of the layers of Keras alone, as a user writes them."""
    import keras
    from keras import layers

    if job == "points":
        return networks(job)
    size, _, channels = SHAPES[job]
    widths = _widths(size)
    generator = keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            layers.Dense(16 * widths[-1], use_bias=False),
            layers.Reshape((4, 4, widths[-1])),
            layers.BatchNormalization(momentum=0.9),
            layers.LeakyReLU(0.2),
        ]
    )
    for filters in [*widths[-2::-1], 32]:
        generator.add(layers.UpSampling2D(2))
        generator.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
        generator.add(layers.BatchNormalization(momentum=0.9))
        generator.add(layers.LeakyReLU(0.2))
    generator.add(layers.Conv2D(channels, 3, padding="same", activation="tanh"))
    discriminator = keras.Sequential([keras.Input(SHAPES[job])])
    for filters in widths:
        discriminator.add(layers.Conv2D(filters, 4, strides=2, padding="same"))
        discriminator.add(layers.LeakyReLU(0.2))
    discriminator.add(layers.Flatten())
    discriminator.add(layers.Dense(1))
    return generator, discriminator


def _widths(size: int) -> list[int]:
    """Returns the channels of the stages of a discriminator for a size."""
    widths = [64]
    while size // 2 ** (len(widths) + 1) >= 4:
        widths.append(min(512, 2 * widths[-1]))
    return widths


def gan(job: str, batch_size: int, reuse: bool = False):
    """Returns the compiled GAN of kgan, which may reuse fakes."""
    import kgan

    import keras

    if job in ("default", "digits"):
        preset = kgan.presets.suggest(SHAPES[job], 10_000)
        changed = {**preset.compile, "reuse_fakes": reuse}
        return dataclasses.replace(preset, compile=changed).build(seed=0)
    model = kgan.GAN(*networks(job), ema_half_life=None, seed=0)
    penalties = [kgan.penalties.R1(1.0), kgan.penalties.R2(1.0)]
    options: dict[str, Any] = {"reuse_fakes": reuse}
    if job in ("penalties", "r3gan"):
        options["penalties"] = penalties
    if job == "r3gan":
        options["loss"] = "relativistic"
    if job == "stylegan2":
        options["penalties"] = [kgan.penalties.R1(1.0, every=16)]
        options["generator_penalties"] = [kgan.penalties.PathLength(every=4)]
    model.compile(
        keras.optimizers.Adam(2e-4, beta_1=0.5),
        keras.optimizers.Adam(2e-4, beta_1=0.5),
        **options,
    )
    return model


def kgan_block(job: str, batch_size: int, reuse: bool = False) -> Block:
    model = gan(job, batch_size, reuse)

    def run(steps: int) -> None:
        data = samples(job, steps * batch_size)
        epochs = max(1, steps * batch_size // len(data))
        model.fit(data, batch_size=batch_size, epochs=epochs, verbose=0)

    return run


def guide_block(job: str, batch_size: int) -> Block:
    """The step of the keras.io guide ("DCGAN to generate face images"), in `fit`."""
    import keras
    import tensorflow as tf

    from guide import GuideGAN

    model = GuideGAN(*plain_networks(job), latent_dim=LATENT_DIM)
    model.compile(*(keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in PARTS))

    def run(steps: int) -> None:
        data = samples(job, steps * batch_size)
        epochs = max(1, steps * batch_size // len(data))
        dataset = tf.data.Dataset.from_tensor_slices(data).shuffle(len(data))
        dataset = dataset.batch(batch_size, drop_remainder=True).prefetch(2)
        model.fit(dataset, epochs=epochs, verbose=0)

    return run


def loop_block(job: str, batch_size: int) -> Block:
    """A `tf.function` in a loop, without `fit`, metrics or callbacks."""
    import keras
    import tensorflow as tf

    generator, discriminator = plain_networks(job)
    adam = [keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in PARTS]
    for optimizer, network in zip(adam, (generator, discriminator), strict=True):
        optimizer.build(network.trainable_variables)

    @tf.function
    def step(reals):
        noise = tf.random.normal((2, batch_size, LATENT_DIM))
        fakes = generator(noise[0], training=True)
        with tf.GradientTape() as tape:
            real = discriminator(reals, training=True)
            fake = discriminator(fakes, training=True)
            loss = tf.reduce_mean(tf.nn.softplus(-real) + tf.nn.softplus(fake))
        weights = discriminator.trainable_variables
        adam[1].apply(tape.gradient(loss, weights), weights)
        with tf.GradientTape() as tape:
            fake = discriminator(generator(noise[1], training=True), training=True)
            loss = tf.reduce_mean(tf.nn.softplus(-fake))
        weights = generator.trainable_variables
        adam[0].apply(tape.gradient(loss, weights), weights)
        return loss

    def run(steps: int) -> None:
        data = samples(job, steps * batch_size)
        epochs = max(1, steps * batch_size // len(data))
        dataset = tf.data.Dataset.from_tensor_slices(data).shuffle(len(data))
        dataset = dataset.batch(batch_size, drop_remainder=True).prefetch(2)
        for _ in range(epochs):
            for reals in dataset:
                loss = step(reals)
        float(loss)

    return run


def torch_block(job: str, batch_size: int, compiled: bool = False) -> Block:
    """Plain PyTorch, channels last, with the layers of kgan."""
    import torch
    from torch import nn

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    torch.manual_seed(0)
    layers = _torch_points if job == "points" else _torch_dcgan
    shape = SHAPES[job]
    memory = torch.contiguous_format if job == "points" else torch.channels_last
    built = [nn.Sequential(*part).to(device=device) for part in layers(shape)]
    generator, discriminator = (
        part.to(memory_format=memory)  # type: ignore[call-overload]
        for part in built
    )
    g_adam, d_adam = (
        torch.optim.Adam(
            part.parameters(), lr=2e-4, betas=(0.5, 0.999), fused=device == "cuda"
        )
        for part in (generator, discriminator)
    )
    judge = discriminator
    if compiled:
        generator, judge = torch.compile(generator), torch.compile(discriminator)
    softplus = nn.functional.softplus
    low = POLICY != "float32"

    def fakes():
        return generator(torch.randn(batch_size, LATENT_DIM, device=device))

    def penalty(logits, images):
        (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
        return gradient.square().flatten(1).sum(1).mean() / 2

    def step(reals):
        discriminator.requires_grad_(True)
        d_adam.zero_grad(set_to_none=True)
        with torch.autocast(device, torch.bfloat16, enabled=low):
            with torch.no_grad():
                fake = fakes()
            if job == "penalties":
                reals, fake = reals.requires_grad_(), fake.detach().requires_grad_()
            real_logits, fake_logits = judge(reals).float(), judge(fake).float()
            loss = softplus(-real_logits).mean() + softplus(fake_logits).mean()
            if job == "penalties":
                loss = loss + penalty(real_logits, reals) + penalty(fake_logits, fake)
        loss.backward()
        d_adam.step()
        discriminator.requires_grad_(False)
        g_adam.zero_grad(set_to_none=True)
        with torch.autocast(device, torch.bfloat16, enabled=low):
            g_loss = softplus(-judge(fakes()).float()).mean()
        g_loss.backward()
        g_adam.step()
        return g_loss

    def run(steps: int) -> None:
        data = torch.from_numpy(samples(job, steps * batch_size))
        if job != "points":
            data = data.permute(0, 3, 1, 2)
        chosen = torch.randint(len(data), (steps, batch_size))
        for rows in chosen:
            reals = data[rows].to(device, non_blocking=True)
            if job != "points":
                reals = reals.float().div_(127.5).sub_(1)
                reals = reals.to(memory_format=torch.channels_last)
            loss = step(reals)
        float(loss)

    return run


def _torch_points(shape):
    from torch import nn

    def dense(first, last):
        widths = (first, 128, 128, 128)
        for before, after in itertools.pairwise(widths):
            yield from (nn.Linear(before, after), nn.ReLU())
        yield nn.Linear(128, last)

    return dense(LATENT_DIM, shape[0]), dense(shape[0], 1)


def _torch_dcgan(shape):
    from torch import nn

    size, _, channels = shape
    widths = _widths(size)

    def leaky():
        return nn.LeakyReLU(0.2)

    def generator():
        last = widths[-1]
        yield from (nn.Linear(LATENT_DIM, 16 * last, bias=False),)
        yield from (nn.Unflatten(1, (last, 4, 4)), nn.BatchNorm2d(last), leaky())
        for before, after in zip(widths[::-1], [*widths[-2::-1], 32], strict=True):
            yield nn.Upsample(scale_factor=2)
            yield nn.Conv2d(before, after, 3, padding=1, bias=False)
            yield from (nn.BatchNorm2d(after), leaky())
        yield from (nn.Conv2d(32, channels, 3, padding=1), nn.Tanh())

    def discriminator():
        for before, after in zip([channels, *widths], widths, strict=False):
            yield from (nn.Conv2d(before, after, 4, stride=2, padding=1), leaky())
        yield from (nn.Flatten(), nn.Linear(16 * widths[-1], 1))

    return generator(), discriminator()


def lightning_block(job: str, batch_size: int) -> Block:
    """The networks of `torch_block` in a module of Lightning that steps by hand."""
    import lightning
    import torch
    from torch import nn

    softplus = nn.functional.softplus
    layers = _torch_points if job == "points" else _torch_dcgan

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.automatic_optimization = False
            parts = (nn.Sequential(*part) for part in layers(SHAPES[job]))
            self.generator, self.discriminator = parts

        def configure_optimizers(self):
            return [
                torch.optim.Adam(part.parameters(), lr=2e-4, betas=(0.5, 0.999))
                for part in (self.generator, self.discriminator)
            ]

        def training_step(self, reals):
            for which, optimizer in enumerate(self.optimizers()[::-1]):
                self.toggle_optimizer(optimizer)
                noise = torch.randn(len(reals), LATENT_DIM, device=self.device)
                fakes = self.generator(noise)
                loss = softplus(-self.discriminator(fakes)).mean()
                if which == 0:
                    fake = self.discriminator(fakes.detach())
                    real = self.discriminator(reals)
                    loss = softplus(-real).mean() + softplus(fake).mean()
                optimizer.zero_grad()
                self.manual_backward(loss)
                optimizer.step()
                self.untoggle_optimizer(optimizer)

    module = Module()

    def run(steps: int) -> None:
        data = torch.from_numpy(samples(job, steps * batch_size)).float()
        if job != "points":
            data = data.div_(127.5).sub_(1).permute(0, 3, 1, 2)
        rows: Any = data  # A tensor is a data set of its rows.
        loader: Any = torch.utils.data.DataLoader(rows, batch_size, shuffle=True)
        trainer = lightning.Trainer(
            max_steps=2 * steps,  # Each optimizer counts.
            max_epochs=-1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(module, loader)

    return run


def peak_block(job: str, batch_size: int) -> Block:
    """Products of matrices of 2,048 rows and columns."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    kind = torch.float32 if POLICY == "float32" else torch.bfloat16
    one = torch.randn(2048, 2048, device=device, dtype=kind)

    def run(steps: int) -> None:
        for _ in range(steps):
            last = one @ one
        float(last[0, 0])

    return run


reuse_block = functools.partial(kgan_block, reuse=True)
BLOCKS: dict[str, Callable[[str, int], Block]] = {
    "kgan-tensorflow": kgan_block,
    "kgan-jax": kgan_block,
    "kgan-torch": kgan_block,
    "kgan-tensorflow-reuse": reuse_block,
    "kgan-jax-reuse": reuse_block,
    "kgan-torch-reuse": reuse_block,
    "keras.io": guide_block,
    "tf.function": loop_block,
    "torch": torch_block,
    "torch.compile": lambda job, size: torch_block(job, size, compiled=True),
    "lightning": lightning_block,
    "peak": peak_block,
}


def memory() -> float:
    """Returns the peak memory in GB, of the card if there is one."""
    if "torch" in sys.modules and sys.modules["torch"].cuda.is_available():
        return sys.modules["torch"].cuda.max_memory_allocated() / 1e9
    if "jax" in sys.modules:
        stats = sys.modules["jax"].devices()[0].memory_stats()
        if stats:
            return stats["peak_bytes_in_use"] / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def say(**facts: Any) -> None:
    print(MARK + json.dumps(facts), flush=True)


def main(contender: str, job: str, batch_size: str, policy: str) -> None:
    start = time.perf_counter()
    if contender.partition("-")[0] in ("kgan", "keras.io", "tf.function"):
        import keras

        keras.config.set_dtype_policy(policy)
    run = BLOCKS[contender](job, int(batch_size))
    run(1)
    say(first=round(time.perf_counter() - start, 2))
    for line in sys.stdin:
        start = time.perf_counter()
        run(int(line))
        say(seconds=time.perf_counter() - start, memory=round(memory(), 2))


if __name__ == "__main__":
    POLICY = sys.argv[4]
    main(*sys.argv[1:])
