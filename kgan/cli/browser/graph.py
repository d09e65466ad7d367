"""Walks through the graph of a generator, and translates one layer after the other."""

from collections.abc import Sequence
from typing import Any

import keras

from kgan.cli.browser.program import Program, Value
from kgan.cli.browser.registry import translator, unknown

# A tensor of the graph: the name of its layer, the number of the call, the output.
_History = tuple[str, int, int]


def translate(generator: keras.Model) -> Program:
    """Returns a generator as a program for a browser.

    Args:
        generator: A functional or sequential model of latents, or of latents and labels.

    Raises:
        ValueError: If the model is of another kind, or has a layer for which there is no
            translator.
    """
    program = Program(generator.inputs[0].shape[-1])
    inputs = [program.latents, program.label][: len(generator.inputs)]
    program.output = _apply(program, generator, inputs)
    return program


def _apply(program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]) -> Value:
    """Adds the steps of a layer, or of all layers of a model."""
    if not isinstance(layer, keras.Model):
        return translator(layer)(program, layer, inputs)
    if isinstance(layer, keras.Sequential):
        for inner in layer.layers:
            inputs = [_apply(program, inner, inputs)]
        return inputs[0]
    try:
        graph = _Graph(program, layer)
    except (KeyError, NotImplementedError):
        raise unknown(layer) from None
    return graph.run(inputs)


class _Graph:
    """The graph of a functional model, as the config of the model describes the graph.

    Args:
        program: The program to which the steps are added.
        model: A functional model.
    """

    def __init__(self, program: Program, model: keras.Model):
        config = model.get_config()
        self.program = program
        self.operations = {operation.name: operation for operation in model.operations}
        self.nodes = {one["name"]: one["inbound_nodes"] for one in config["layers"]}
        self.inputs = _histories(config["input_layers"])
        (self.output,) = _histories(config["output_layers"])
        self.values: dict[_History, Value] = {}

    def run(self, inputs: Sequence[Value]) -> Value:
        """Adds the steps of the model, and returns the output."""
        self.values = dict(zip(self.inputs, inputs, strict=True))
        return self._value(self.output)

    def _value(self, history: _History) -> Value:
        if history not in self.values:
            name, number, _ = history
            node, operation = self.nodes[name][number], self.operations[name]
            given = {k: v for k, v in node["kwargs"].items() if v not in (None, False)}
            # The layer might compute something else then.
            for key, value in given.items():
                raise unknown(operation, f"{key}={value}")
            inputs = [self._value(one) for one in _tensors(node["args"])]
            self.values[history] = _apply(self.program, operation, inputs)
        return self.values[history]


def _histories(found: Any) -> list[_History]:
    """Returns the tensors in a config, which may be a single tensor or a list."""
    found = [found] if isinstance(found[0], str) else found
    return [(name, number, index) for name, number, index in found]


def _tensors(arguments: Any) -> list[_History]:
    """Returns the tensors among the arguments of a call, in their order."""
    if isinstance(arguments, list | tuple):
        return [found for one in arguments for found in _tensors(one)]
    match arguments:
        case {"class_name": "__keras_tensor__", "config": {"keras_history": history}}:
            return _histories(history)
    return []
