"""Rows of .csv and .tsv, which broken quotes do not swallow."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

LONGEST_FIELD = 2**24  # characters; a quote that does not close within them never does

_PLAIN = re.compile(r'[^"]*(?:""[^"]*)*')  # up to a quote that stands alone
_PLAIN_ESCAPED = re.compile(r'[^"\\]*(?:(?:\\.|"")[^"\\]*)*\\?')  # also by backslashes
_STRAY = re.compile(r'( *".*")[,;|\t]+ *')  # delimiters at the end of the only column
_ESCAPE = re.compile(r'(?<!")\\"(?!")')


@dataclass(frozen=True)
class Row:
    """A row's cells, the number of its first line, and whether a quote was opened there that is never closed.

    quoted: the places of the cells that stood in quotes.
    """

    line: int
    cells: list[str]
    open_quote: bool = False
    quoted: tuple[int, ...] = ()


def rows_of(
    lines: Iterable[tuple[int, str]],
    delimiter: str,
    are_rows: Callable[[Sequence[str]], bool] | None = None,
    length: int | None = None,
) -> Iterator[Row]:
    """Split lines into rows.

    A field in quotes may hold delimiters, quotes (doubled, or after a backslash) and line ends. A quote that is never closed is
    left away, and so nothing after it is lost: it closes only at the end of a field, and not if all lines up to there are
    rows of their own.

    Args:
        lines: with their numbers.
        delimiter: between two fields.
        are_rows: whether lines between two quotes are rows of their own, and no field.
        length: of a row, in fields; by it, wrong quotes within a line are understood.

    Yields:
        The rows, each with the number of its first line.
    """
    waiting: deque[tuple[int, str]] = deque()
    source = iter(lines)
    field = _Field(delimiter)
    while (found := waiting.popleft() if waiting else next(source, None)) is not None:
        number, line = found
        if not delimiter and (stray := _STRAY.fullmatch(line)):
            line = stray[1]
        if '"' not in line:
            yield Row(number, _split(line, delimiter))
            continue
        cells, start, open_quote, places, is_right = [], 0, False, [], True
        while start <= len(line):
            if (quoted := field.quoted(line, start)) is None and field.opens(line, start) and not field.has_word(line, start):
                taken = _taken_until_closed(line[start:], waiting, source, delimiter)
                joined = [line, *(text for _, text in taken)]
                if taken and not (are_rows and are_rows(joined)):
                    quoted = field.quoted("\n".join(joined), start)
                if quoted:
                    line = "\n".join(joined)
                else:
                    waiting.extendleft(reversed(taken))
                    open_quote = True
                    line = line[:start] + line[start:].replace('"', "", 1)
            if quoted:
                places.append(len(cells))
            is_right = is_right and (field.is_strict(line, start) if quoted else not field.opens(line, start))
            cell, start = quoted or field.plain(line, start)
            cells.append(cell)
        wrong = "\n" not in line and not (is_right and places)
        if length and len(cells) != length and wrong and len(plain := _split(line, delimiter)) == length:
            cells, open_quote = [cell.strip().strip('"') for cell in plain], True
        yield Row(number, cells, open_quote, tuple(places))


def _split(line: str, delimiter: str) -> list[str]:
    return line.split(delimiter) if delimiter else [line]


class _Field:
    """Matches one field of a line, and says where the next begins."""

    def __init__(self, delimiter: str) -> None:
        end = rf" *(?={re.escape(delimiter)}|\Z)" if delimiter else r" *(?=\Z)"
        self._strict = re.compile(rf' *"([^"]*(?:""[^"]*)*)"{end}', re.DOTALL)
        self._escaped = re.compile(rf' *"([^"\\]*(?:(?:\\.|"")[^"\\]*)*)"{end}', re.DOTALL)
        # Between spaces, \" is hardly a cell's end: after the inches of a screen comes the next word.
        self._patterns = (self._escaped, self._strict) if delimiter == " " else (self._strict, self._escaped)
        self._lenient = re.compile(rf' *"(.*?)"{end}')
        self._opens = re.compile(r' *"')
        self._word = re.compile(rf' *"[^"{re.escape(delimiter)}]*[^\s"\\{re.escape(delimiter)}]"(?!")')
        self._delimiter = delimiter

    def opens(self, line: str, start: int) -> bool:
        """Whether a quote stands at the field's beginning."""
        return bool(self._opens.match(line, start))

    def has_word(self, line: str, start: int) -> bool:
        """Whether the quote at a plain field's beginning is of a quoted word: `"Great" the room is old`."""
        return bool(self._word.match(line, start))

    def quoted(self, line: str, start: int) -> tuple[str, int] | None:
        """A field in quotes, without them, and where the next field begins; None if it is not closed."""
        if not self.opens(line, start):
            return None
        for pattern in (*self._patterns, self._lenient):
            if pattern is self._lenient and _closes(line[start:].partition('"')[2], self._delimiter) is None:
                return None  # it goes on in the next line
            if match := pattern.match(line, start):
                if pattern is self._lenient and match[1].count('"') % 2 == 0 and self.has_word(line, start):
                    return None  # a quoted word begins the field, another ends it
                text = match[1].replace('""', '"') if pattern is not self._lenient else match[1]
                return text.replace('\\"', '"'), match.end() + 1
        return None

    def is_strict(self, line: str, start: int) -> bool:
        """Whether the quotes of a field are written as they should be."""
        return bool(self._strict.match(line, start) or self._escaped.match(line, start))

    def plain(self, line: str, start: int) -> tuple[str, int]:
        """A field without quotes, and where the next begins."""
        end = line.find(self._delimiter, start) if self._delimiter else -1
        end = len(line) if end < 0 else end
        return line[start:end].replace('\\"', '"'), end + 1


def _taken_until_closed(
    opening: str, waiting: deque[tuple[int, str]], source: Iterator[tuple[int, str]], delimiter: str
) -> list[tuple[int, str]]:
    """Take the further lines of a field in quotes; none, and none is taken, if its quote is never closed."""
    taken: list[tuple[int, str]] = []
    size, text, escapes = 0, opening.partition('"')[2], False
    while (closed := _closes(text, delimiter, escapes)) is None and size <= LONGEST_FIELD:
        escapes = escapes or bool(_ESCAPE.search(text))
        if (found := waiting.popleft() if waiting else next(source, None)) is None:
            break
        taken.append(found)
        text = found[1]
        size += len(text)
    if closed:
        return taken
    waiting.extendleft(reversed(taken))
    return []


def _closes(text: str, delimiter: str, escapes: bool = False) -> bool | None:
    """Whether a field in quotes ends in a line: None if not yet, False if a quote stands where none can.

    escapes: whether quotes after a backslash were found in it before; then \\"" is such a quote and the field's end.
    """
    start = 0
    while (place := _plain_end(text, start, escapes)) < len(text):
        rest = text[place + 1 :].lstrip(" ")
        is_escaped = text[place - 1 : place] == "\\"
        may_end = not rest or (delimiter and rest.startswith(delimiter))
        if may_end and not (is_escaped and escapes):  # a backslash ends "C:\\", too, but not "a \\"b\\", c"
            return True
        if not is_escaped:
            return False
        start, escapes = place + 1, True
    return None


def _plain_end(text: str, start: int, escapes: bool) -> int:
    match = (_PLAIN_ESCAPED if escapes else _PLAIN).match(text, start)
    return match.end() if match else start
