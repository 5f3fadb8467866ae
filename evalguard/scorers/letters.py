"""A letter that is all of an answer: "(b)", "Option B", "Ｂ"."""

from __future__ import annotations

import unicodedata

import regex

from evalguard.scorers.lazy_patterns import lazy_regex

_ALONE = lazy_regex(
    r"[\s*_]*[(\[{<«“„\"‘]?\s?(\p{L})\s?[)\]}>»”“\"’]?(?:选项|選項|项|項|番|번)?[\s.:,;!。、।۔*_]*"
)
TICKS = "✅👉☑✔➡\ufe0f"
"""Pictures that point at an answer."""

PREFIX = lazy_regex(
    rf"[\s*_{TICKS}]*"
    r"(?:it(?:'s|’s| is)\s+)?(?:(?:(?-i:[ao])|the|la|el|le|il|die|der|das)\s+|l')?"
    r"(?:(?:answer|option|choice|letter|réponse|respuesta|resposta|risposta|ответ|opción|letra|"
    r"lettre|opção|alternativa|opzione|lettera|antwort|buchstabe|вариант|буква|الخيار|विकल्प"
    r"|বিকল্প|"
    r"pilihan|seçenek|şık|选项|選項|選択肢|선택지|보기"
    r"|آپشن)\s*[:：]?\s*)?(?=(?-i:[(\[*_«“„\"‘\p{Lu}\p{Lo}]))[*_]*",
    regex.I,
)
"""What may stand in front of a letter."""


def lone_letter(text: str) -> str | None:
    """Return the letter that is the whole text, as "(b)", "Option B", full-width or circled.

    Example:
        >>> lone_letter("Option B"), lone_letter("(b)"), lone_letter("Be")
        ('B', 'B', None)
    """
    plain_text = unicodedata.normalize("NFKC", text.strip()[:40]) if len(text) < 200 else ""
    for one in (plain_text, PREFIX.sub("", plain_text, count=1)):
        if (alone := _ALONE.fullmatch(one)) is not None:
            return _capital(alone[1])
    return None


def _capital(letter: str) -> str:
    """Return a letter as a capital; one whose capital has two letters, such as "ß", stays."""
    capital = letter.upper()
    return capital if len(capital) == 1 else letter
