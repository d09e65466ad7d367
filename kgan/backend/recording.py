"""Records a step of PyTorch as a list of operations, and repeats the list.

Keras needs 50 to 100 microseconds of Python for each call of a layer, which is most of
the step of a small network. The list has the operations of PyTorch alone: those of the
forward passes, the gradients, the optimizers and the logs, in their order, so repeating
the list computes the same numbers bit by bit.
"""

import collections
import contextlib
import contextvars
import functools
import linecache
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import torch
from keras import ops
from torch import library
from torch.fx import graph_module
from torch.fx.experimental.proxy_tensor import make_fx

from kgan.backend import keras_private
from kgan.types import Tensor, Tensors

# Recording takes the time of about as many steps.
PLAIN_STEPS = 50

# The recording that is being made, or None.
_current: contextvars.ContextVar[Any] = contextvars.ContextVar("recording", default=None)

Step = Callable[[Tensors], dict[str, Tensor]]


class Recorder:
    """A step that is recorded when its inputs have had the same shapes for some time.

    As with `tf.function` and `jax.jit`, attributes of Python keep the values that they
    had when the step was recorded, and variables are read anew. A step that PyTorch can't
    record, since its Python depends on values of tensors, stays as it is; so does a step
    whose first repetition does not compute what the step computes.

    Args:
        step: Function of a batch that returns the logs, and changes variables.
        variables: All variables that the step reads or changes.
        layers: The layers, of which a change of `trainable` needs another list.
    """

    def __init__(
        self,
        step: Step,
        variables: Iterable[keras.Variable],
        layers: Iterable[keras.layers.Layer],
    ):
        self.step = step
        self.variables = list({id(v): v for v in variables}.values())
        self.layers = list(layers)
        self.can_record = True
        self._steps: collections.Counter = collections.Counter()
        self.recordings: dict[Any, list[_Recording]] = collections.defaultdict(list)

    def __call__(self, batch: Tensors) -> dict[str, Tensor]:
        inputs = keras.tree.flatten(batch)
        key = self._key(inputs) if self.can_record else None
        if key is None:
            return self.step(batch)
        for recording in self.recordings[key]:
            if recording.fits():
                return recording(self._values(), inputs)
        self._steps[key] += 1
        if self._steps[key] <= PLAIN_STEPS:
            return self.step(batch)
        return self._record(batch, inputs, key)

    def _key(self, inputs: list[Any]) -> Any:
        """Returns all that a recording holds for; None if an input is no tensor."""
        if not all(isinstance(x, torch.Tensor) for x in inputs):
            return None
        forms = [(x.shape, x.dtype, x.device, x.stride()) for x in inputs]
        parts = (*self.variables, *self.layers)
        return tuple(forms), tuple(part.trainable for part in parts)

    def _values(self) -> list[Tensor]:
        return keras_private.tensors_on_torch(self.variables)

    def _record(
        self, batch: Tensors, inputs: list[Tensor], key: Any
    ) -> dict[str, Tensor]:
        """Takes a step, and keeps a recording if it computes the same."""
        try:
            recording = _Recording(self.step, self.variables, batch)
            with _same_random_numbers():
                copies = [value.detach().clone() for value in self._values()]
                wanted = recording(copies, inputs)
        except Exception:
            # Not even an error of the step: the step itself raises it.
            self.can_record = False
            return self.step(batch)
        logs = self.step(batch)
        found = [*self._values(), *logs.values()]
        if all(map(_agree, found, [*copies, *wanted.values()])):
            self.recordings[key].append(recording)
        else:
            self.can_record = False
        return logs


class _Recording:
    """The operations of a step, and the branches that the step takes.

    Args:
        step: See `Recorder`.
        variables: See `Recorder`.
        batch: The batch of the step, of which only shapes and dtypes are read.
    """

    def __init__(
        self, step: Step, variables: Sequence[keras.Variable], batch: Tensors
    ) -> None:
        values = [variable.value for variable in variables]
        self._before = {id(v): _as_int(v) for v in variables if v.shape == ()}
        self._now = {**self._before}
        self._branches: list[tuple[keras.Variable, int, int, bool]] = []
        self._names: list[str] = []

        def flat(*tensors: Tensor) -> list[Tensor]:
            count = len(values)
            inputs = keras.tree.pack_sequence_as(batch, tensors[count:])
            with keras_private.values_on_torch(variables, tensors[:count]):
                logs = step(inputs)
            self._names = list(logs)
            return list(logs.values())

        with contextlib.ExitStack() as stack:
            # Gradients are computed in this thread, whose operations are recorded.
            stack.enter_context(torch.autograd.set_multithreading_enabled(False))
            stack.enter_context(keras_private.random_numbers_on_torch(_drawn))
            stack.callback(_current.reset, _current.set(self))
            # With fake tensors nothing is computed, and no variable is changed. A tensor
            # that is neither a variable nor an input raises an error.
            trace = make_fx(flat, tracing_mode="fake")
            graph = trace(*values, *keras.tree.flatten(batch))
        _forget_code(graph)
        _simplify(graph)
        self._run = _compiled(graph)

    def fits(self) -> bool:
        """Whether the next step takes the branches of the recorded step."""
        return all(
            taken == ((_as_int(counter) + updates) % every == 0)
            for counter, updates, every, taken in self._branches
        )

    def __call__(self, values: list[Tensor], inputs: list[Tensor]) -> dict[str, Tensor]:
        """Changes the values in place, and returns the logs."""
        logs = self._run(*values, *inputs)
        return dict(zip(self._names, logs, strict=True))

    def is_multiple(self, counter: keras.Variable, every: int) -> bool:
        now = self._now[id(counter)]
        taken = now % every == 0
        self._branches.append((counter, now - self._before[id(counter)], every, taken))
        return taken

    def count(self, counter: keras.Variable) -> None:
        self._now[id(counter)] += 1


def is_multiple(counter: Tensor, every: int) -> Tensor:
    """Returns whether a counter of updates is a multiple of a number, a bool scalar.

    While a step is recorded, the result is a bool of Python, and the recording fits the
    steps with the same result only.
    """
    recording = _current.get()
    if recording is None or not isinstance(counter, keras.Variable):
        return ops.equal(counter % every, 0)
    return recording.is_multiple(counter, every)


def count(counter: keras.Variable) -> None:
    """Tells the recording, if there is one, that a counter of updates has grown by 1."""
    recording = _current.get()
    if recording is not None:
        recording.count(counter)


class _Drawn(keras.random.SeedGenerator):
    """A source of random numbers with a seed that was drawn already."""

    def __init__(self, seed: Tensor) -> None:
        self._seed = seed

    def next(self, ordered: bool = True) -> Tensor:
        return self._seed


# Keras makes a generator of PyTorch from the value of the seed. So the recording has the
# function of Keras as one operation.
@library.custom_op("kgan::draw", mutates_args=())
def _draw(
    seed: torch.Tensor,
    function: str,
    shape: Sequence[int],
    first: float,
    second: float,
    dtype: str,
) -> torch.Tensor:
    is_int = function == "randint"
    numbers = (int(first), int(second)) if is_int else (first, second)
    draw = getattr(keras.random, function)
    return draw(shape, *numbers, dtype=dtype, seed=_Drawn(seed))


@_draw.register_fake
def _(
    seed: Tensor,
    function: str,
    shape: Sequence[int],
    first: float,
    second: float,
    dtype: str,
) -> Tensor:
    return torch.empty(shape, dtype=getattr(torch, dtype), device=seed.device)


def _drawn(
    function: str, shape: Any, first: Any, second: Any, dtype: Any, seed: Any
) -> Tensor:
    """Calls a random function of Keras while a step is recorded."""
    dtype = keras.backend.standardize_dtype(dtype or keras.config.floatx())
    seed = keras_private.draw_seed(seed)
    return _draw(seed, function, list(shape), float(first), float(second), dtype)


def _forget_code(graph: torch.fx.GraphModule) -> None:
    """Removes the code of a graph that PyTorch keeps for tracebacks.

    PyTorch keeps the code until the process ends, 0.1 MB for a step of a small DCGAN.
    """
    name = type(graph).forward.__code__.co_filename
    linecache.cache.pop(name, None)
    graph_module._loader.eval_cache.pop(name, None)


def _simplify(graph: torch.fx.GraphModule) -> None:
    """Removes operations without effect where no gradients are computed."""
    for node in list(graph.graph.nodes):
        if node.target is torch.ops.aten.detach.default:
            node.replace_all_uses_with(node.args[0])
            graph.graph.erase_node(node)
    graph.graph.eliminate_dead_code()


def _compiled(graph: torch.fx.GraphModule) -> Callable[..., Sequence[Tensor]]:
    """Returns the function of a graph.

    The code that PyTorch writes looks up each operation by four names, and calls the
    operation through Python, which takes a tenth of the step of a small network. The
    method of the graph would also flatten all inputs anew.
    """
    code = graph.graph.python_code("self")
    operations: dict[str, Callable[..., Any]] = {}

    def named(match: re.Match) -> str:
        operation = operator.attrgetter(match[1])(torch.ops)
        name = match[1].replace(".", "_")
        # PyTorch's `OpOverload` has the compiled function in an attribute.
        operations[name] = getattr(operation, "_op", operation)
        return name

    source = re.sub(r"\btorch\.ops\.(\w+\.\w+\.\w+)", named, code.src)
    names = {**code.globals, **operations}
    exec(source, names)
    return functools.partial(names["forward"], graph)


def _same_random_numbers() -> contextlib.AbstractContextManager[None]:
    """Returns a context after which PyTorch draws as before the context."""
    gpus = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    return torch.random.fork_rng(gpus)


def _agree(found: Tensor, wanted: Tensor) -> bool:
    # The order of sums may change from run to run on a GPU.
    if found.device.type != "cpu":
        return True
    return torch.allclose(found, wanted, rtol=0, atol=0, equal_nan=True)


def _as_int(counter: keras.Variable) -> int:
    return int(counter.value)
