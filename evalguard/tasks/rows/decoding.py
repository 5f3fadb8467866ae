"""Text of data files: UTF-8, or UTF-16 and UTF-32 where that is certain.

Other encodings are not guessed, as a wrong guess reads every letter outside ASCII as another one
and fails nowhere. The error says which encoding it probably is, and how to convert the file.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TextIO

from evalguard.errors import DataError
from evalguard.tasks.rows.opening import DataFile

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as that of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Marks at the start of a text, and the codec that reads the mark and what follows."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")

_WIDER = {
    "GB2312": "GB18030",
    "SHIFT_JIS": "CP932",
    "EUC-KR": "CP949",
    "ISO-8859-1": "WINDOWS-1252",
    "MACROMAN": "MACINTOSH",
}
"""Encodings that hold all of another one, or its name in ``iconv``."""

_EVIDENCE_BYTES = 1 << 16


@contextmanager
def text_of(file: DataFile, *, newline: Literal[""] | None) -> Iterator[TextIO]:
    """Open a file as text.

    Lines end in LF, CRLF or CR and nowhere else, as U+2028 and U+0085 may stand inside a value.

    Args:
        file: The file.
        newline: ``None`` gives every line an LF; ``""`` leaves line ends as they are.

    Raises:
        DataError: At the first bytes that are no text, one for the whole file.
    """
    encoding = encoding_of(file.head)
    try:
        with file.open() as raw, io.TextIOWrapper(raw, encoding=encoding, newline=newline) as text:
            yield text
    except UnicodeDecodeError as error:
        raise _undecodable(file, encoding) from error


def encoding_of(head: bytes) -> str:
    """Return the codec of a text from its first bytes; UTF-8 unless another is certain.

    Example:
        >>> encoding_of('{"a": 1}'.encode("utf-16-be"))
        'utf-16-be'
    """
    for bom, codec in _BOMS:
        if head.startswith(bom):
            return codec
    return next((codec for codec in _WIDE if _is_certain(head, codec)), "utf-8")


_WIDE = {
    "utf-32-le": (4, 0),
    "utf-32-be": (4, 3),
    "utf-16-le": (2, 0),
    "utf-16-be": (2, 1),
}
"""Codecs of two and four bytes: bytes of a character, and which of them holds its ASCII."""


def _is_certain(head: bytes, codec: str) -> bool:
    """Return whether a text without a mark is in a codec of several bytes.

    The first character and a tenth of all must be ASCII, whose other bytes are zero where the codec
    has them, and none a control character.
    """
    width, place = _WIDE[codec]
    whole = head[: len(head) // width * width]
    if len(whole) < 2 * width:
        return False
    ascii_bytes = whole[place::width]
    other = whole[width - 1 - place :: width]
    n_characters = len(ascii_bytes)
    if other.count(0) < max(n_characters / 10, 4 * ascii_bytes.count(0)):
        return False
    try:
        text = codecs.getincrementaldecoder(codec)().decode(head)
    except UnicodeDecodeError:
        return False
    return text[:1].isascii() and _CONTROLS.search(text) is None


def _undecodable(file: DataFile, encoding: str) -> DataError:
    """Return the one error of a file that cannot be decoded."""
    data = file.read()
    if encoding not in ("utf-8", "utf-8-sig"):
        return DataError(
            f"{file.path}: begins as {encoding.upper()}, and holds bytes that are not. It was cut "
            "short, or texts were joined. Save all of it as UTF-8."
        )
    lines = data.splitlines()
    broken = [(number, line) for number, line in enumerate(lines, 1) if not _is_utf8(line)]
    number, line = broken[0]
    byte = _first_bad_byte(line)
    others = f" and in {len(broken) - 1:,} more lines" if len(broken) > 1 else ""
    found = f"{file.path}: is not UTF-8: byte 0x{line[byte]:02X} in line {number}{others}."
    if len(broken) == 1 and number == len(lines) and _is_cut(data):
        return DataError(
            f"{file.path}: ends in the middle of a character: it was cut short. Copy it again, or, "
            "if it is not UTF-8, save it as that."
        )
    n_utf8 = sum(not line.isascii() and _is_utf8(line) for line in lines)
    if n_utf8 >= len(broken):
        shown = ", ".join(str(number) for number, _ in broken[:5])
        return DataError(
            f"{found} {n_utf8:,} other lines hold UTF-8, so converting the file would spoil them. "
            f"Correct line {shown}{', …' if len(broken) > 5 else ''}."
        )
    evidence = b"\n".join(line for _, line in broken)[:_EVIDENCE_BYTES]
    likely = _likely(evidence)
    command = file.piped(f"iconv -f {likely or 'ENCODING'} -t UTF-8", "utf8")
    if likely is None:
        return DataError(f"{found} Convert it from the encoding it was saved in: {command}")
    return DataError(
        f"{found} It is probably {likely}, as which it reads '{_excerpt(line, byte, likely)}'. "
        f"If that is right, convert it: {command}"
    )


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_cut(data: bytes) -> bool:
    """Return whether the last bytes begin a character of UTF-8 and do not end it."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _first_bad_byte(line: bytes) -> int:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return error.start
    raise AssertionError("every byte is UTF-8")


def _likely(evidence: bytes) -> str | None:
    """Return the encoding that a text is probably in, as ``iconv`` calls it, or ``None``."""
    # chardet comes with the extra that brings lm-eval.
    try:
        import chardet
    except ImportError:
        return None
    found = chardet.detect(evidence)["encoding"]
    if found is None:
        return None
    encoding = _WIDER.get(found.upper(), found.upper())
    try:
        evidence.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return None
    return encoding


def _excerpt(line: bytes, byte: int, encoding: str) -> str:
    """Return the words around a byte, as an encoding reads them."""
    before = line[:byte].decode(encoding, errors="replace")
    after = line[byte:].decode(encoding, errors="replace")
    return f"{before[-12:]}{after[:12]}".strip()
