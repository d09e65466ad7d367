"""WordPiece: from a text to the numbers of words and of parts of words."""

import itertools
import unicodedata
from collections.abc import Iterator, Sequence

_UNKNOWN, _START, _END = "[UNK]", "[CLS]", "[SEP]"
# A longer word counts as unknown.
_LONGEST_WORD = 100
# Chinese characters, each of which is a word: the first and the last of each block.
_CHINESE = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)


class WordPiece:
    """The tokenizer of BERT for text without upper case and accents.

    A word is divided into the longest parts that are in the vocabulary, from its start.
    A part that does not begin a word is written with `##`. A word that can't be divided
    is unknown.

    Args:
        vocabulary: List of str, the tokens in the order of their numbers. `[CLS]`,
            `[SEP]` and `[UNK]` are among the tokens.
        max_length: Int, the largest number of tokens of a text. Further tokens are cut.

    Example:

    >>> words = WordPiece(["[UNK]", "[CLS]", "[SEP]", "a", "cat", "##s", "!"])
    >>> words("A cat, cats!")
    [1, 3, 4, 0, 4, 5, 6, 2]

    Reference:
        [Devlin et al., 2019](https://arxiv.org/abs/1810.04805) (BERT), and
        [Wu et al., 2016](https://arxiv.org/abs/1609.08144), section 4.1.
    """

    def __init__(self, vocabulary: Sequence[str], max_length: int = 256):
        self.numbers = {token: number for number, token in enumerate(vocabulary)}
        self.max_length = max_length

    def __call__(self, text: str) -> list[int]:
        """Returns the numbers of the tokens, with the start and the end of the text."""
        parts = (part for word in _words(text) for part in self._parts(word))
        inner = itertools.islice(parts, self.max_length - 2)
        return [self.numbers[token] for token in (_START, *inner, _END)]

    def _parts(self, word: str) -> list[str]:
        parts: list[str] = []
        start, prefix = 0, ""
        while start < len(word) <= _LONGEST_WORD:
            ends = range(len(word), start, -1)
            found = (end for end in ends if prefix + word[start:end] in self.numbers)
            end = next(found, None)
            if end is None:
                return [_UNKNOWN]
            parts.append(prefix + word[start:end])
            start, prefix = end, "##"
        return parts or [_UNKNOWN]


def _words(text: str) -> Iterator[str]:
    """Yields words and punctuation marks, in lower case and without accents."""
    spaced = "".join(_spaced(character) for character in text)
    plain = unicodedata.normalize("NFD", spaced)
    plain = "".join(c for c in plain if unicodedata.category(c) != "Mn").lower()
    for word in plain.split():
        start = 0
        for place, character in enumerate(word):
            if _is_punctuation(character):
                if start < place:
                    yield word[start:place]
                yield character
                start = place + 1
        if start < len(word):
            yield word[start:]


def _spaced(character: str) -> str:
    """Returns a character with spaces where it ends a word; nothing for a control."""
    if character in "\t\n\r" or unicodedata.category(character) == "Zs":
        return " "
    if character == "\ufffd" or unicodedata.category(character).startswith("C"):
        return ""
    if any(first <= ord(character) <= last for first, last in _CHINESE):
        return f" {character} "
    return character


def _is_punctuation(character: str) -> bool:
    is_mark = unicodedata.category(character).startswith("P")
    # The symbols of ASCII, such as $ and +, count too.
    return is_mark or (character.isascii() and not character.isalnum())
