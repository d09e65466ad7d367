"""Walks through the graph of a generator, and translates one layer after the other."""

from collections.abc import Iterator, Sequence
from typing import Any

import keras

from kgan.cli.browser.program import Program, Value
from kgan.cli.browser.registry import translator, unknown
from kgan.layers import Frozen

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
    (program.output,) = _apply(program, generator, inputs)
    return program


def _apply(
    program: Program, operation: keras.Operation, inputs: Sequence[Value]
) -> list[Value]:
    """Adds the steps of a layer or an operation, or of all layers of a model."""
    if isinstance(operation, Frozen):
        operation = operation.layer
    if not isinstance(operation, keras.Model):
        found = translator(operation)(program, operation, inputs)
        return found if isinstance(found, list) else [found]
    if isinstance(operation, keras.Sequential):
        for inner in operation.layers:
            inputs = _apply(program, inner, inputs)
        return list(inputs)
    try:
        graph = _Graph(program, operation)
    except (KeyError, NotImplementedError):
        raise unknown(operation) from None
    return [graph.run(inputs)]


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
        ((name, number, index),) = _histories(config["output_layers"])
        # Here, and not in the nodes, Keras counts the calls of a model from 1.
        self.output = name, number - _is_graph(self.operations[name]), index
        self.values: dict[_History, Value] = {}

    def run(self, inputs: Sequence[Value]) -> Value:
        """Adds the steps of the model, and returns the output."""
        self.values = dict(zip(self.inputs, inputs, strict=True))
        # No recursion: a network may be deeper than Python's stack.
        waiting = [self.output]
        while waiting:
            name, number, _ = waiting[-1]
            arguments = list(_arguments(self.nodes[name][number]["args"]))
            missing = [one for one in arguments if self._is_missing(one)]
            if missing:
                waiting.extend(missing)
                continue
            if self._is_missing(waiting.pop()):
                self._call(name, number, arguments)
        return self.values[self.output]

    def _is_missing(self, argument: object) -> bool:
        return isinstance(argument, tuple) and argument not in self.values

    def _call(self, name: str, number: int, arguments: Sequence[Any]) -> None:
        """Adds the steps of a call whose inputs have values."""
        operation, inputs = self.operations[name], []
        given = self.nodes[name][number]["kwargs"].items()
        # The layer might compute something else then.
        for key, value in given:
            if any(True for _ in _arguments(value)):
                raise unknown(operation, f"{key}={value}")
        for argument in arguments:
            if isinstance(argument, tuple):
                inputs.append(self.values[argument])
            elif type(argument) in (int, float):
                inputs.append(self.program.constant(argument))
            else:
                raise unknown(operation, f"the argument {argument}")
        for index, value in enumerate(_apply(self.program, operation, inputs)):
            self.values[name, number, index] = value


def _is_graph(operation: keras.Operation) -> bool:
    is_model = isinstance(operation, keras.Model)
    return is_model and not isinstance(operation, keras.Sequential)


def _histories(found: Any) -> list[_History]:
    """Returns the tensors in a config, which may be a single tensor or a list."""
    found = [found] if isinstance(found[0], str) else found
    return [(name, number, index) for name, number, index in found]


def _arguments(arguments: Any) -> Iterator[Any]:
    """Yields the tensors and the values among the arguments of a call, in their order."""
    match arguments:
        case list() | tuple():
            for one in arguments:
                yield from _arguments(one)
        case {"class_name": "__keras_tensor__", "config": {"keras_history": history}}:
            yield from _histories(history)
        case None | False:
            pass
        case _:
            yield arguments
