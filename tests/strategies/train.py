"""Trains small GANs on one device, or under a strategy, and saves what came out.

    python train.py one|mirrored|multi_worker OUT.npz CASE...

A process of its own for each: devices are chosen before TensorFlow starts.
"""

import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from cases import CASES, POINTS, build, fit, results, resumed

import kgan


def make_strategy(kind):
    if kind == "mirrored":
        cpu = tf.config.list_physical_devices("CPU")[0]
        two = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, two)
        return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    if kind == "multi_worker":
        return tf.distribute.MultiWorkerMirroredStrategy()
    return tf.distribute.get_strategy()


def main(kind, out, *names):
    strategy = make_strategy(kind)
    arrays = {}
    for name in names:
        # Several devices need a graph, and the trace takes longer than ten steps.
        gan, found = results(strategy, name, run_eagerly=kind == "one")
        arrays |= found
    if kind == "mirrored":
        noise = strategy.run(lambda: gan.noise.draw_local(4, 3, gan.seed_generator))
        arrays["noise"] = np.concatenate(strategy.experimental_local_results(noise))
        arrays |= resumed(strategy, "hinge penalties", os.path.dirname(out))
        gan = build(strategy, **CASES["hinge"])
        dataset = tf.data.Dataset.from_tensor_slices((POINTS, np.arange(40))).batch(8)
        fit(gan, dataset)
        arrays["dataset"] = gan.generator.get_weights()[0]
        gan = build(strategy, **CASES["hinge"])
        fit(gan, POINTS[:33], shuffle=False)  # The last batch has one sample.
        arrays["uneven"] = gan.generator.get_weights()[0]
        arrays["uneven:iterations"] = gan.g_optimizer.iterations.numpy()
        with open(out + ".json", "w") as file:
            json.dump(refusals(strategy), file)
    elif kind == "one":
        gan = build(strategy, **CASES[names[-1]])
        fit(gan)
        arrays["noise"] = gan.noise.draw_local(8, 3, gan.seed_generator).numpy()
        gan = build(strategy, **CASES["hinge"])
        fit(gan, tf.data.Dataset.from_tensor_slices(POINTS).batch(8))
        arrays["dataset"] = gan.generator.get_weights()[0]
    np.savez(out, **arrays)


def refusals(strategy):
    """What is refused, and in which words."""
    sgd = keras.optimizers.SGD

    def with_optimizer(**options):
        def compile():
            with strategy.scope():
                build(strategy).compile(sgd(0.1), sgd(0.1, **options))

        return compile

    def with_option(**options):
        return lambda: build(strategy, **options)

    def outside():
        build(strategy).compile(sgd(0.1), sgd(0.1))

    def networks_outside():
        generator = kgan.networks.mlp_generator((2,), 3, hidden=(8,), activation=None)
        discriminator = kgan.networks.mlp_discriminator((2,), (8,))
        with strategy.scope():
            kgan.GAN(generator, discriminator).compile()

    def gan_outside():
        gan = build(tf.distribute.get_strategy())
        with strategy.scope():
            gan.compile()

    def float16():
        keras.config.set_dtype_policy("mixed_float16")
        try:
            build(strategy)
        finally:
            keras.config.set_dtype_policy("float32")

    nine = tf.data.Dataset.from_tensor_slices(POINTS[:36]).batch(9)

    class Own(keras.utils.PyDataset):
        def __len__(self):
            return 5

        def __getitem__(self, index):
            return POINTS[:8]

    unknown = tf.data.Dataset.from_generator(
        lambda: iter([POINTS[:8]]), output_signature=tf.TensorSpec((8, 2))
    )
    tries = {
        "clipnorm": with_optimizer(clipnorm=1.0),
        "clipvalue": with_optimizer(clipvalue=1.0),
        "global_clipnorm": with_optimizer(global_clipnorm=1.0),
        "accumulation": with_optimizer(gradient_accumulation_steps=2),
        "jit_compile": with_option(jit_compile=True),
        "noise_batch_size": with_option(noise_batch_size=7),
        "schedules": with_option(
            schedules={"d_weight_decay": kgan.schedules.Linear(0.1, 0.5, 100)}
        ),
        "outside": outside,
        "networks outside": networks_outside,
        "gan outside": gan_outside,
        "float16": float16,
        "nine": lambda: fit(build(strategy), nine),
        "evaluate": lambda: build(strategy).evaluate(POINTS, batch_size=9),
        "batch_size": lambda: fit(build(strategy), batch_size=7),
        "d_steps": lambda: fit(build(strategy, d_steps=2), batch_size=6),
        "pydataset": lambda: fit(build(strategy), Own()),
        "unknown": lambda: fit(build(strategy), unknown),
    }
    words = {}
    for name, attempt in tries.items():
        try:
            attempt()
            words[name] = ""
        except ValueError as error:
            words[name] = str(error)
    return words


if __name__ == "__main__":
    main(*sys.argv[1:])
