"""Words that set one answer against another: "B, not A", "B rather than A", "A ではなく B".

:mod:`evalguard.scorers.contrasts` and :mod:`evalguard.scorers.conclusion` read numbers by them,
:mod:`evalguard.scorers.alternatives` letters and texts, :mod:`evalguard.scorers.asides` brackets;
:mod:`evalguard.scorers.negation` and :mod:`evalguard.scorers.doubts` end a clause at them.
"""

from __future__ import annotations

INSTEAD = (
    r"rather than|instead of|as opposed to|statt|anstatt|anstelle von|en lugar de|en vez de"
    r"|au lieu de|plutôt que|em vez de|ao invés de|invece di|anziché|вместо|in plaats van|न कि"
    r"|بدلا من"
)
"""Alternatives of a pattern: what needs no comma before it."""

AND_NOT = r"and not|und nicht|y no|et non(?: pas)?|et pas|e não|e non|а не|en niet|a nie|وليست?"
"""Alternatives of a pattern: a conjunction that denies."""

DENIES = r"not|nicht|no|pas|non(?: pas)?|não|не|niet|nie|bukan"
"""Alternatives of a pattern: a word that denies what stands behind it."""

BUT = r"but|sondern|sino|mais|mas|ma|maar|lecz|а|melainkan|بل|وإنما|بلکه|बल्कि"
"""Alternatives of a pattern: what turns from the denied answer to the one that holds."""

BUT_GLUED = r"而是|而应|而應"
"""The same in Chinese, where no space sets a word off."""

NOT = rf"{DENIES}|yerine|لا|{AND_NOT}|{INSTEAD}"
"""Alternatives of a pattern: what denies the answer behind it, after a comma or a bracket."""

NOT_GLUED = r"(?:而)?(?:不是|并非|並非|而非)"
"""What denies the answer behind it, in Chinese."""

NOT_BEHIND = (
    r"(?:değil|नहीं|नही|ではありません|ではない|じゃない|でなく|(?:이|가)?\s?(?:아닙니다|아니다|아니에요"
    r"|아님))"
)
"""What denies the answer before it."""
