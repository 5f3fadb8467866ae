"""Yes and no in many languages, as people and judges write them: data."""

from __future__ import annotations

YES = frozenset((
    "yes", "true", "pass", "passed", "passes", "ja", "oui", "sí", "si", "sì", "sim", "да", "так",
    "evet", "ano", "ναι", "是", "是的", "符合", "满足", "滿足", "通过", "合格", "はい", "예",
    "네", "نعم", "हाँ", "हां", "có", "ya", "ใช่", "כן", "igen", "kyllä",
))  # fmt: skip
"""Says that a criterion is met, in small letters; not "tak": yes in Polish, and no in Malay."""

NO = frozenset((
    "no", "false", "fail", "failed", "fails", "nein", "non", "não", "nao", "нет", "ні", "nie",
    "hayır", "όχι", "否", "不是", "不", "不符合", "不满足", "不滿足", "不通过", "不合格", "いいえ",
    "아니요", "아니오", "لا", "नहीं", "nee", "nej", "không", "tidak", "ไม่ใช่", "לא", "nem",
))  # fmt: skip
"""Says that it is not met."""

TRUE = frozenset(("wahr", "vrai", "verdadero", "vero", "verdadeiro", "waar", "prawda", "истина"))
FALSE = frozenset(("falsch", "faux", "falso", "onwaar", "fałsz", "ложь"))
"""What spreadsheets make of true and false."""
