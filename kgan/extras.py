"""The sentences about packages that only an extra of kgan installs."""


def command(extra: str) -> str:
    """Returns the command that installs an extra, in Markdown.

    >>> command("tfds")
    '`pip install "kgan[tfds]"`'
    """
    return f'`pip install "kgan[{extra}]"`'


def missing(user: str, package: str, extra: str, reason: object = "") -> str:
    """Returns the sentence that names a missing package and its extra.

    Args:
        user: The option or the class that needs the package.
        package: Name of the package.
        extra: The extra of kgan that installs the package.
        reason: The error of the import; empty if the package was not imported.

    >>> missing("TensorBoard", "tensorboard", "tensorboard")
    'TensorBoard needs the package tensorboard: `pip install "kgan[tensorboard]"`.'
    """
    why = f" ({reason})" if reason else ""
    return f"{user} needs the package {package}{why}: {command(extra)}."
