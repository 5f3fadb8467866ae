"""What announces an answer, by language: data of :mod:`evalguard.scorers.announced`.

Nouns are matched in any case and as whole words, except in scripts without spaces and where a
language glues its particles on. Links stand between the noun and the answer, closings after it.
"""

from __future__ import annotations

NOUNS: dict[str, tuple[str, ...]] = {
    "English": ("answer", "result", "label", "category", "output", "choice", "option", "class",
                "prediction", "sentiment", "verdict", "my pick", "my guess",
                "my best guess", "best guess", "my bet", "my vote",
                "correct one", "answers", "labels", "categories", "classes", "tags", "topics"),
    "Mandarin": ("答案", "答复", "选项", "選項", "结果", "結果", "故选", "故選", "因此选", "所以选",
                 "应选", "應選", "我选择", "我選擇", "答"),
    "Hindi": ("उत्तर", "जवाब", "परिणाम", "विकल्प"),
    "Spanish": ("respuesta", "resultado", "solución", "opción", "elección"),
    "French": ("réponse", "résultat", "solution finale", "choix"),
    "Arabic": ("الخيار", "الاختيار", "الإجابة", "الاجابة", "إجابة", "اجابة", "الجواب", "جواب",
               "النتيجة"),
    "Bengali": ("উত্তর", "জবাব", "ফলাফল", "বিকল্প"),
    "Portuguese": ("resposta", "solução", "opção", "alternativa", "gabarito"),
    "Russian": ("ответ", "результат", "ответом", "вариант", "выбор"),
    "Urdu": ("جواب", "جوابات", "نتیجہ", "آپشن"),
    "Indonesian": ("jawaban", "jawabannya", "jawab", "hasil", "hasilnya", "pilihan", "opsi"),
    "German": ("antwort", "ergebnis", "endergebnis", "lösung", "auswahl", "kategorie"),
    "Japanese": ("答え", "答", "解答", "回答", "正解", "結論", "選択肢"),
    "Korean": ("정답", "답변", "답", "결과"),
    "Turkish": ("cevap", "cevabı", "cevabım", "cevabımız", "yanıt", "yanıtı", "yanıtım", "sonuç",
                "seçenek", "şık"),
    "Italian": ("risposta", "risultato", "soluzione finale", "opzione", "scelta"),
    "Vietnamese": ("đáp án", "câu trả lời", "kết quả"),
    "Persian": ("پاسخ",),
    "Polish": ("odpowiedź", "wynik", "odpowiedź to", "wynik to"),
    "Ukrainian": ("відповідь",),
    "Dutch": ("antwoord", "resultaat"),
    "Thai": ("คำตอบ",),
    "Tamil": ("பதில்", "விடை"),
    "Telugu": ("సమాధానం", "జవాబు"),
    "Marathi": ("उत्तर",),
    "Swahili": ("jibu", "jibu ni", "jibu sahihi", "jibu sahihi ni"),
    "Greek": ("απάντηση", "απάντηση είναι", "απάντηση είναι το", "απάντηση είναι η"),
    "Hebrew": ("תשובה", "התשובה"),
    "Czech": ("odpověď", "odpověď je"),
    "Finnish": ("vastaus", "vastaus on", "vastauksena"),
    "Danish, Norwegian": ("svaret er", "svar er"),
    "Hungarian": ("válasz", "válasz a", "válasz az"),
    "Slovak": ("odpoveď", "odpoveď je"),
    "Romanian": ("răspuns", "răspunsul", "răspunsul este", "răspunsul corect",
                 "răspunsul corect este"),
    "Bulgarian": ("отговор", "отговорът", "отговор е", "отговорът е"),
    "Croatian, Serbian, Bosnian": ("odgovor", "odgovor je"),
    "Catalan": ("resposta és", "resposta és la", "resposta correcta és", "resposta correcta és la"),
    "Tagalog": ("sagot", "sagot ay"),
    "Malay": ("jawapan", "jawapan yang betul ialah"),
    "Estonian": ("vastus", "vastus on"),
    "Lithuanian": ("atsakymas", "atsakymas yra"),
    "Latvian": ("atbilde", "atbilde ir"),
    "Swedish": ("svar", "svaret"),
}  # fmt: skip
"""Words for an answer."""

CHOOSING: tuple[str, ...] = (
    "choose", "pick", "select", "go with", "going with", "i'd guess", "i’d guess", "i would guess",
    "i vote", "i vote for", "i lean towards", "i lean toward", "i'm leaning towards",
    "my money is on", "ich tippe auf", "je dirais", "yo diría", "yo diría que", "eu diria",
    "eu diria que", "io direi", "elijo", "choisis", "escolho", "scelgo", "wähle",
    "i'd say", "i’d say", "i would say", "ich würde sagen", "выбираю", "memilih", "seçiyorum",
    "选择", "選擇", "选", "選", "选取", "chọn", "tôi chọn", "ตอบ", "เลือก", "wybieram", "kies",
    "väljer", "velger", "vælger", "valitsen", "vybírám", "volím", "обираю", "aleg", "επιλέγω",
)  # fmt: skip
"""Verbs that a choice follows at once: "I choose B", "选C"."""

LINKS: dict[str, tuple[str, ...]] = {
    "English": (
        "is",
        "are",
        "was",
        "would be",
        "should be",
        "must be",
        "equals",
        "remains",
        "stays",
    ),
    "Mandarin": ("是", "为", "為", "应该是", "應該是", "应为", "就是", "仍然是", "仍是", "还是"),
    "Hindi": ("यह है",),
    "Spanish": ("es", "son", "sería", "será", "sigue siendo"),
    "French": ("est", "sont", "serait", "reste", "demeure"),
    "Arabic": ("هي", "هو", "تكون"),
    "Bengali": ("হল", "হলো", "হচ্ছে", "হবে"),
    "Portuguese": ("é", "são", "seria", "continua sendo", "continua a ser", "permanece"),
    "Russian": ("это", "будет", "является", "равен", "есть", "остаётся", "остается"),
    "Urdu": ("یہ ہے",),
    "Indonesian": ("adalah", "ialah", "yaitu"),
    "German": ("ist", "sind", "lautet", "wäre", "beträgt", "bleibt"),
    "Japanese": ("は",),
    "Korean": ("은", "는", "이", "가"),
    "Italian": ("è", "sono", "sarebbe", "rimane", "resta"),
    "Vietnamese": ("là",),
    "Dutch": ("is",),
    "Polish": ("brzmi", "wynosi"),
    "Persian": ("این است",),
    "Thai": ("คือ",),
    "Swedish": ("är",),
    "Hebrew": ("היא", "הוא"),
}
"""Words between an answer's noun and the answer."""

FILLERS: tuple[str, ...] = (
    "donc", "then", "therefore", "thus", "entonces", "por tanto", "portanto", "quindi", "daher",
    "somit", "clearly", "indeed", "still", "weiterhin", "also", "toujours", "ancora", "todavía",
    "simply", "just", "most likely", "probably", "hence",
)  # fmt: skip
"""Words between a link and the answer that say nothing of it."""

CLOSINGS: dict[str, tuple[str, ...]] = {
    "Hindi": ("है", "हैं", "होगा", "होगी"),
    "Bengali": ("হয়", "হবে"),
    "Urdu": ("ہے", "ہیں", "ہوگا"),
    "Japanese": ("です", "でした", "である", "だ", "になります", "となります"),
    "Korean": ("번입니다", "번이다", "번", "입니다", "이다", "이에요", "예요", "이었습니다"),
    "Turkish": ("'dir", "'dır", "'dur", "'dür", "'tir", "'tır", "'tur", "'tür",
                "’dir", "’dır", "’dur", "’dür", "’tir", "’tır", "’tur", "’tür", "şıkkıdır",
                "şıkkı", "seçeneğidir", "seçeneği"),
    "Persian": ("است",),
}  # fmt: skip
"""Words that close a sentence behind the answer."""

REASONS: tuple[str, ...] = (
    "because", "since", "as", "for", "which", "weil", "denn", "da", "car", "parce", "porque",
    "pois", "ya que", "perché", "poiché", "потому", "так как", "karena", "çünkü", "क्योंकि",
    "কারণ", "کیونکہ",
    "koska", "protože", "pretože", "deoarece", "pentru că", "mert", "eftersom", "fordi", "omdat",
    "ponieważ", "bo", "γιατί", "επειδή", "vì", "защото", "jer", "porquè", "kwa sababu",
    "kwa kuwa", "כי",
    "لأن", "因为", "因為", "なぜなら", "왜냐하면",
)  # fmt: skip
"""What gives a reason behind an answer and a comma."""

REJECTING: tuple[str, ...] = (
    "wrong", "incorrect", "not", "no", "never", "isn't", "other", "another", "example", "bad",
    "unsuitable", "inappropriate", "invalid", "unpassende", "unzutreffende", "unrichtige",
    "unmögliche", "inkorrekte", "inadecuada", "inadequada", "inadéquate", "inadatta",
    "неподходящий", "不符合", "不合适", "不合適", "不適切", "부적절",
    "false", "falsche", "keine", "nicht", "incorrecta", "falsa", "mauvaise", "fausse", "errada",
    "incorreta", "sbagliata", "errata", "неправильный", "неверный", "错误", "錯誤", "不正确",
    "間違", "오답", "गलत", "ग़लत", "ভুল", "غلط", "خاطئة", "الخاطئة", "salah", "yanlış",
)  # fmt: skip
"""What in front of a noun says that the answer is not meant: "a wrong answer: B"."""

NEGATIONS: tuple[str, ...] = (
    "not", "never", "neither", "nor", "cannot", "nicht", "kein", "keine", "pas", "não", "non",
    "не", "ни", "ليس", "ليست", "وليس", "وليست", "فليس", "فليست",
    "ليسوا", "وليسوا", "ولا", "فلا", "ولم", "لم", "لن", "ولن", "وغير", "bukan", "tidak",
    "不是", "并非", "並非", "不", "非", "没有",
    "wrong", "incorrect", "falsch", "incorrecta", "错误", "can't", "no longer", "hardly", "barely",
    "scarcely", "far from", "anything but", "lack", "lacks", "lacking", "without", "rather than",
    "instead of", "unlikely", "ohne", "weder", "kaum", "sin", "tampoco", "ni", "nunca", "sans",
    "jamais", "sem", "nem", "senza", "без", "нельзя", "bukanlah", "tanpa", "nobody", "devoid of",
    "free of", "free from", "fails to", "failed to", "hesitate to", "disagree", "nichts", "niemand",
    "schwer zu glauben", "nada", "nadie", "ningún", "ninguna", "difícil de creer", "difícil creer",
    "rien", "aucun", "aucune", "difficile de croire", "difficile à croire", "ninguém", "nenhum",
    "nenhuma", "difícil acreditar", "difícil de acreditar", "niente", "nulla", "nessun", "nessuna",
    "nessuno", "difficile credere", "ничего", "никто", "никак", "трудно поверить", "没有任何",
    "毫无", "毫無", "难以", "難以", "很难", "很難", "看不出", "لا", "غير", "من الصعب", "sulit",
    "except", "except for", "excluding", "apart from", "aside from", "niet", "geen", "nie", "inte",
    "không phải", "không", "není", "ei ole", "ikke", "nem", "nu este", "nije", "hindi",
    "nėra", "nav", "не е", "δεν", "όχι", "לא", "אינה", "אינו", "ไม่ใช่", "sio",
)  # fmt: skip
"""What in front of a name rules it out."""

NEGATIONS_AFTER: tuple[str, ...] = (
    "नहीं", "নয়", "نہیں", "değil", "ではない", "ではありません", "じゃない", "이 아니",
    "가 아니", "아닙니다", "아니다", "is wrong", "is incorrect", "isn't", "is ruled out",
    "不正确", "是错", "不对", "不是", "错误", "cannot", "can't", "isn’t", "was not", "wasn't",
    "is false", "is impossible", "is not", "does not", "doesn't", "won't", "ist falsch",
    "ist nicht", "es incorrect", "no es", "est faux", "n'est pas", "é incorret", "não é",
    "non è", "неверн", "неправильн", "아님", "아니", "아닌", "じゃあり", "でない", "ではなく",
    "ليس", "ليست", "गलत", "ग़लत", "salah", "bukan", "yanlış", "scheidet aus", "ausgeschlossen",
    "entfällt", "éliminé", "exclu", "écarté", "descart", "esclus", "scartat", "исключ", "отпада",
    "не подходит", "排除", "除外", "不选", "不符合", "제외", "배제",
    "틀렸", "틀린", "間違", "مستبعد", "இல்லை", "కాదు", "نیست", "नाही",
)  # fmt: skip
"""What behind a name rules it out."""

TAGS: tuple[str, ...] = (
    "answer", "final_answer", "finalanswer", "final-answer", "final", "ans", "result", "response",
    "output", "solution", "label", "choice", "prediction", "reply", "conclusion",
)  # fmt: skip
"""Names of tags that hold an answer: ``<answer>…</answer>``, ``[ANSWER]…[/ANSWER]``."""

NOT_AN_ANSWER: tuple[str, ...] = (
    "correct", "right", "therefore", "as follows", "shown", "given", "based", "because", "clear",
    "obvious", "above", "below", "in the", "in ", "found", "obtained", "that", "also", "supported",
    "consistent", "confirmed", "verified", "basada", "basado", "basé", "fondé", "richtig",
    "korrekt", "correcta", "根据", "基于", "正确", "由", "通过", "因为", "如下", "以下", "上記",
    "以上",
)  # fmt: skip
"""What follows "the answer is" where a sentence refers to an answer given before."""

JSON_KEYS: tuple[str, ...] = (
    "final answer", "answer", "label", "labels", "result", "category", "choice", "option",
    "prediction", "output", "response", "class", "sentiment", "antwort", "respuesta", "réponse",
    "resposta", "risposta", "ответ", "答案", "答え", "정답", "उत्तर", "الإجابة", "jawaban", "cevap",
)  # fmt: skip
"""Keys under which a JSON object gives its answer, the surest first."""
