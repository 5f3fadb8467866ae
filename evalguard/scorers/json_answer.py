"""The answer that a JSON object gives under a key such as "answer"."""

from __future__ import annotations

import json
import re

from evalguard.scorers import answer_words as known

MAX_JSON_ANSWER_CHARS = 20_000
"""A longer JSON object is not read as an answer."""

_REVISED = re.compile(
    r"(?:correct(?:ed)?|revised|updated|new|alternat\w+|second|other|another|actual|true|real|best)"
    r"(?: \w+)? (?:answer|label|result|choice|value)"
)
"""A key of JSON that gives another answer than the one under the key for the answer."""

_LETTER = re.compile(r"[(\[]?[A-Za-z][)\].:]?")
_LETTER_KEYS = frozenset({"letter", "option", "choice", "label", "key", "id", "answer"})
_TEXT_KEYS = frozenset(
    {"text", "content", "description", "value", "name", "explanation", "reason", "rationale"}
)


def json_answer(text: str) -> str | None:
    """Return the value that a JSON object gives as its answer."""
    text = text.strip()
    if not text.startswith("{") or len(text) > MAX_JSON_ANSWER_CHARS:
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    values = {str(key).casefold().replace("_", " "): value for key, value in data.items()}
    name = next((one for one in known.JSON_KEYS if one in values), None)
    if name is None:
        return None
    value = values[name]
    revised = (one for key, one in values.items() if key != name and _REVISED.fullmatch(key))
    value = _letter_of(value) if isinstance(value, dict) else value
    several = isinstance(value, dict) and len(value) > 1
    if several or (name != known.JSON_KEYS[0] and any(one != value for one in revised)):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _letter_of(value: dict[str, object]) -> object:
    """Return the letter of a choice that is given with its text; else the value as it is."""
    named = {str(key).casefold(): one for key, one in value.items()}
    letters = [one for key, one in named.items() if key in _LETTER_KEYS]
    texts = [one for key, one in named.items() if key in _TEXT_KEYS]
    letter = letters[0] if len(letters) == 1 and len(letters + texts) == len(value) else None
    if not isinstance(letter, str) or _LETTER.fullmatch(letter.strip()) is None:
        return value
    return value if any(_LETTER.fullmatch(str(one).strip()) for one in texts) else letter
