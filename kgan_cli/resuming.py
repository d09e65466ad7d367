"""What `kgan train --resume` says of data that is not the data of the run."""

from typing import Any

from kgan_cli import paths


def new_run(resume: str | None, given: dict[str, Any], run: dict[str, Any]) -> str:
    """Returns how a new run begins on other data with the GAN of the run to resume.

    Empty if no other data was given, or no run can start from this GAN.

    Args:
        resume: The path of the run.
        given: The options of the command that differ from those of the run, by name.
        run: The options of the run, by name.
    """
    captions = given.get("captions")
    is_translator = run["pairs"] or run["unpaired"]
    has_gan = resume is not None and paths.gan_file(resume).is_file()
    # A new run has captions if the GAN has captions.
    fits = (captions is None) == (run["captions"] is None)
    if "data" not in given or is_translator or not has_gan or not fits:
        return ""
    options = {"start-from": resume, "data": given["data"], "captions": captions}
    said = [f"--{n} {paths.quoted(v)}" for n, v in options.items() if v is not None]
    said += ["--conditional"] if run["conditional"] else []
    command = f"kgan train {' '.join(said)}"
    return f" For other data, begin a new run with this GAN: `{command}`."
