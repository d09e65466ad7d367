"""Measures of the source code that each change keeps."""

import ast
import io
import re
import tokenize

import house
import pytest

pytestmark = pytest.mark.anywhere

SOURCES = {path: path.read_text("utf-8") for path in house.files()}
TREES = {path: ast.parse(source) for path, source in SOURCES.items()}
DOCUMENTS = [
    house.ROOT / "README.md",
    house.ROOT / "CONTRIBUTING.md",
    *sorted((house.ROOT / "docs").glob("*.md")),
]
LONGEST_FUNCTION = 40
PRIVATE_KERAS = re.compile(
    r"keras\.src|seed_generator_state"
    r"|\b_(flatten_layers|initial_epoch|use_cached_eval_dataset|assert_compile_called"
    r"|maybe_symbolic_build|trainable_variables|distribution_strategy|symbolic_build"
    r"|learning_rate)\b"
)
# A sentence, or a line of a comment or a document.
BEGINS_WITH_OF = re.compile(r"(?:^|[.!?:]\s+|\n\s*)Of [a-z].*")


def place(path, line):
    return f"{path.relative_to(house.ROOT)}:{line}"


def functions():
    """Yields `(place, function, public)` for all functions, methods included."""

    def visit(path, node, public):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                shown = public and not child.name.startswith("_")
                yield f"{place(path, child.lineno)} {child.name}", child, shown
                yield from visit(path, child, False)
            elif isinstance(child, ast.ClassDef):
                yield from visit(path, child, public and not child.name.startswith("_"))
            else:
                yield from visit(path, child, public)

    for path, tree in TREES.items():
        yield from visit(path, tree, True)


def arguments(function):
    found = function.args
    extra = [a for a in (found.vararg, found.kwarg) if a]
    named = [*found.posonlyargs, *found.args, *found.kwonlyargs, *extra]
    return [a for a in named if a.arg not in ("self", "cls")]


def length(function):
    """Returns the lines of a function's body without its docstring."""
    body = function.body
    if ast.get_docstring(function) and len(body) > 1:
        body = body[1:]
    return function.end_lineno - body[0].lineno + 1


def prose():
    """Yields `(place, text)` for all docstrings, comments and documents."""
    for path, source in SOURCES.items():
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                yield place(path, token.start[0]), token.string.lstrip("# ")
        for node in ast.walk(TREES[path]):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = ast.get_docstring(node)
                if text:
                    yield place(path, getattr(node, "lineno", 1)), text
    for path in DOCUMENTS:
        text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
        yield place(path, 1), text


def test_private_keras_names_have_one_file():
    found = [
        place(path, number)
        for path, source in SOURCES.items()
        if path.name != "keras_private.py"
        for number, line in enumerate(source.splitlines(), 1)
        if PRIVATE_KERAS.search(line)
    ]
    assert found == []


def test_no_function_is_too_long():
    long = {name: length(function) for name, function, _ in functions()}
    assert {name: size for name, size in long.items() if size > LONGEST_FUNCTION} == {}


def test_public_functions_are_annotated():
    found = [
        name
        for name, function, public in functions()
        if public
        and not (function.returns and all(a.annotation for a in arguments(function)))
    ]
    assert found == []


def test_few_annotations_are_any():
    notes = [
        ast.unparse(note)
        for _, function, _ in functions()
        for note in (*(a.annotation for a in arguments(function)), function.returns)
        if note is not None
    ]
    assert notes.count("Any") / len(notes) < 0.1


def test_no_sentence_begins_with_of():
    found = [
        f"{where}: {match.group().strip()}"
        for where, text in prose()
        for match in BEGINS_WITH_OF.finditer(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line, private",
    [
        ("from keras.src import backend", True),
        ("model._flatten_layers()", True),
        ("layer._trainable_variables", True),
        ("model.trainable_variables", False),
        ("self.non_trainable_variables", False),
        ('kwargs.get("_use_cached_eval_dataset")', True),
        ('v.name == "seed_generator_state"', True),
        ("optimizer.learning_rate", False),
    ],
)
def test_private_names_are_recognised(line, private):
    assert bool(PRIVATE_KERAS.search(line)) == private
