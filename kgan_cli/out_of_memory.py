"""The errors that the frameworks raise for a lack of memory."""

import re

# Each framework has a class of its own for a lack of memory.
_MESSAGES = re.compile(
    "out of memory|can't allocate memory|RESOURCE_EXHAUSTED|OOM when", re.IGNORECASE
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the memory of the machine or the GPU is not enough."""
    return isinstance(error, MemoryError) or bool(_MESSAGES.search(str(error)))
