"""Words and signs around numbers: data of :mod:`evalguard.scorers.numbers`."""

from __future__ import annotations

SCALES: dict[float, tuple[str, ...]] = {
    1e2: ("hundred", "hundert"),
    1e3: ("thousand", "tausend", "mil", "mille", "mila", "тысяч", "тысячи", "тыс", "हज़ार", "हजार",
          "হাজার", "ہزار", "ألف", "ribu", "thousands", "tsd.", "tsd", "milhares", "tysiąc",
          "tysiące", "tysięcy", "duizend", "bin", "tusen", "tusind", "tuhat", "tuhatta", "tisíc",
          "tisíce", "ezer", "mii", "nghìn", "ngàn", "พัน", "هزار", "אלף", "χιλιάδες", "тисяч",
          "тисячі", "хиляди", "ஆயிரம்", "వేల", "tisuća", "tisuće", "tisoč", "hiljada",
          "hiljade", "tūkstančiai", "tūkstančių", "tūkstoši", "tūkstošu", "libo", "ആയിരം",
          "хиљада", "мың", "ming"),
    1e4: ("หมื่น",),
    1e5: ("lakh", "lakhs", "लाख", "লাখ", "لاکھ", "แสน", "இலட்சம்", "லட்சம்", "లక్షల", "లక్ష", "ലക്ഷം"),
    1e6: ("million", "millions", "mn", "mio", "millionen", "millón", "millones", "milhão",
          "milhões", "milione", "milioni", "миллион", "миллиона", "миллионов", "млн", "juta",
          "milyon", "مليون", "ملايين", "mln", "milion", "miliony", "milionów", "milionů",
          "miliónov", "milioane", "miljoen", "miljon", "miljoner", "millioner", "miljoona",
          "miljoonaa", "millió", "triệu", "ล้าน", "میلیون", "ملین", "מיליון", "εκατομμύρια",
          "εκατομμύριο", "мільйон", "мільйони", "мільйонів", "милиона", "মিলিয়ন", "milijun",
          "milijuna", "milijuni", "miliona", "milijonov", "milijonai", "milijonų", "miljoni",
          "miljonit", "milyong"),
    1e7: ("crore", "crores", "करोड़", "কোটি", "کروڑ", "கோடி", "కోట్ల", "కోట్లు", "కోటి", "കോടി"),
    1e9: ("billion", "billions", "bn", "milliarde", "milliarden", "mrd", "milliard", "milliards",
          "miliardo", "miliardi", "миллиард", "миллиарда", "миллиардов", "млрд", "miliar",
          "milyar", "مليار", "अरब", "bilhão", "bilhões", "miliard", "miliardy", "miliardów",
          "miliardů", "miliardă", "miliarde", "miljard", "miljarder", "milliarder", "miljardi",
          "miljardia", "milliárd", "tỷ", "tỉ", "میلیارد", "מיליארד", "δισεκατομμύρια",
          "δισεκατομμύριο", "мільярд", "мільярди", "мільярдів", "милиарда", "mld", "mld.",
          "milijarda", "milijarde", "milijardi", "milijardų", "miljardit"),
    1e12: ("trillion", "trillions", "tn", "triliun", "trilyon", "trilhão", "trilhões", "billón",
           "billones", "billionen", "bilione", "bilioni", "bilion", "biliony", "bilionów",
           "biljoen", "biljoner", "billió", "триллион", "триллиона", "триллионов", "трлн",
           "трильйонів",
           "تريليون"),
    1e15: ("quadrillion", "quadrillions"),
}  # fmt: skip
"""Words after a number that multiply it."""

GLUED_SCALES: dict[str, float] = {
    "k": 1e3, "百": 1e2, "千": 1e3, "万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8, "兆": 1e12,
    "백": 1e2, "천": 1e3, "만": 1e4, "억": 1e8, "조": 1e12,
}  # fmt: skip
"""Signs that multiply the number that they follow at once."""

PERCENT: tuple[str, ...] = (
    "percent", "per cent", "prozent", "por ciento", "por cento", "pour cent", "per cento", "persen",
    "процентов", "процента", "процент", "प्रतिशत", "শতাংশ", "فيصد", "فیصد", "퍼센트", "パーセント",
)  # fmt: skip

CURRENCIES = (
    r"(?:\b(?:US|A|C|HK|NZ|R|NT)?[$€£¥₹₩₽₺₫฿₴₪₦]|[$€£¥₹₩₽₺₫฿₴₪₦]"
    r"|\b(?:USD|EUR|GBP|INR|CHF|JPY|Rs\.?))"
)
"""A currency in front of a number, as a regular expression."""

UNIT_LETTERS = frozenset("gmshlLWVJNCFAT")
"""Letters that are a unit where they follow a number at once; others are variables."""

VARIABLES = frozenset("abcdenpqrtxyz")
"""Two or three of these after a number are variables: ``3xy``."""

VULGAR = "¼½¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒"
