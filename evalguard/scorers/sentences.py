"""Prepare an answer for rules over its sentences: plain words, quotations removed."""

from __future__ import annotations

import json
import re

from evalguard.scorers.extract import normalise, unwrap
from evalguard.scorers.lazy_patterns import lazy_re

HEAD_CHARS = 2000
"""Rules read the beginning only: what an answer is shows there, and the work stays bounded."""

_ASSISTANT = lazy_re(r"^\s*(?:assistant|ai|answer|response)\s*:\s*", re.I)
_STAGED = lazy_re(r"^\s*(?:\*[^*\n]{3,300}\*|\([^)\n]{3,300}\)|\[[^]\n]{3,300}\])\s*(?=[\"“])")
_MARKUP = lazy_re(r"(?m)^[ \t]*(?:>|#{1,6})[ \t]+|[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}")
_QUOTED = lazy_re(r'"[^"\n]{1,400}"')
_SPOKEN = lazy_re(r"(?:^|(?<=[.!?]\s))[a-z]:\s[^.!?]*[.!?]")
_SPACED_CONTRACTION = lazy_re(r"\b(ca|wo|do|does|is|was|are)\s?n't\b")
_CONTRACTIONS = (
    (lazy_re(r"\bcant\b"), "can't"),
    (lazy_re(r"\bwont\b"), "won't"),
    (lazy_re(r"\bdont\b"), "don't"),
    (lazy_re(r"\bdoesnt\b"), "doesn't"),
    (lazy_re(r"\bim(?= (?:not|sorry|unable|afraid|so|really|a|an)\b)"), "i'm"),
    (lazy_re(r"\bcan not\b"), "cannot"),
)
_BREAK = lazy_re(r"(?<=[.!?:;؟।])\s+|(?<=[。！？])(?=.)|\n+")


def plain_text(output: str) -> str:
    """Return the beginning of an answer as the rules read it.

    A JSON object is read as its strings; wrappers, a speaker's label, markup and quotations are
    taken out, but not what is said after a stage direction; case, typography and the spelling of
    contractions are made alike. Lines stay.
    """
    text = unwrap(output[:HEAD_CHARS])
    if _STAGED.match(text):
        text = re.sub(r'["“”]', "", text)
    text = _ASSISTANT.sub("", text)
    if text.startswith("{") and text.endswith("}"):
        text = _strings_of(text)
    text = unwrap(text)
    lines = [normalise(line) for line in _MARKUP.sub("", text).splitlines()]
    text = "\n".join(line for line in lines if line)
    text = _SPACED_CONTRACTION.sub(r"\1n't", text)
    for wrong, right in _CONTRACTIONS:
        text = wrong.sub(right, text)
    return _SPOKEN.sub(" ", _QUOTED.sub('""', text)).strip()


def _strings_of(text: str) -> str:
    """Return the string values of a JSON object, a line each; the text if it is none."""
    try:
        data = json.loads(text)
    except ValueError:
        return text
    return "\n".join(value for value in data.values() if isinstance(value, str)) or text


def sentences(plain: str) -> list[str]:
    r"""Return the sentences and lines of a plain text.

    Example:
        >>> sentences("i can't. ask a doctor:\nsoon")
        ["i can't.", 'ask a doctor:', 'soon']
    """
    return [part for part in _BREAK.split(plain) if part.strip()]
