"""The exit statuses of all commands."""

import enum


class Status(enum.IntEnum):
    """An exit status. `kgan --help` lists all, with their descriptions."""

    description: str

    def __new__(cls, value: int, description: str) -> "Status":
        status = int.__new__(cls, value)
        status._value_ = value
        status.description = description
        return status

    DONE = 0, "the command has done its work"
    ERROR = 1, "an error, which a message on standard error names"
    USAGE = 2, "the command line has an unknown option or value"
    NOT_FINITE = 3, "training became NaN or infinite; the run keeps its last good GAN"
    # 128 and the number of the signal, as shells report signals.
    HUNG_UP = 129, "the terminal is gone (SIGHUP); what was trained is saved"
    INTERRUPTED = 130, "Ctrl-C (SIGINT); what was trained is saved"
    TERMINATED = 143, "SIGTERM; what was trained is saved"


def of_signal(number: int) -> Status:
    """Returns the status of a command that a signal ended."""
    return next(status for status in Status if status == 128 + number)


def listed() -> str:
    """Returns a line for each status."""
    return "\n".join(f"  {status:>3}  {status.description}" for status in Status)
