"""What holds of every scorer that reads answers: over all scripts, LaTeX, JSON and code."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalguard import scorers
from evalguard.scorers.answer_words import NOUNS, TAGS

SCRIPTS = {
    "Latin": ["Paris", "résumé", "Straße", "İzmir", "Việt Nam"],
    "Cyrillic": ["Москва", "річка", "ёлка"],
    "Greek": ["Αθήνα", "λόγος"],
    "Devanagari": ["दिल", "मीठा", "कुल", "पिता"],
    "Bengali": ["নদী", "পানি"],
    "Tamil": ["கல்", "தமிழ்"],
    "Arabic": ["القاهرة", "كتاب", "می‌روم"],
    "Hebrew": ["שלום", "ספר"],
    "Thai": ["มี", "เป็น", "สวัสดี"],
    "Lao": ["ສະບາຍດີ"],
    "Khmer": ["ខ្ញុំ"],
    "Burmese": ["ကောင်း"],
    "Han": ["北京", "天气", "東京"],
    "Kana": ["ひらがな", "ラーメン"],
    "Hangul": ["서울", "한국어"],
}
WORDS = [word for words in SCRIPTS.values() for word in words]
TERMS = [r"\frac{3}{4}", r"\sqrt{2}", r"x^{2}+1", r"2\pi", r"\{1, 2\}"]
DATA = ['{"a": [1, 2], "b": "दिल"}', '["x", null]', '{"price": 12.5}']
PROGRAMS = ["def f(x):\n    return x + 1", "print('दिल')", "x = [1, 2]"]
NUMBERS = ["7", "-3", "0.25", "1,234", "3/4", "12%", "10000", "2e3"]
LETTERS = "ABCDEF"
LABELS = ["spam", "urgent", "billing", "दिल", "北京", "서울"]

WRAPPERS = [
    "{}",
    "**{}**",
    "__{}__",
    "`{}`",
    '"{}"',
    "“{}”",
    "„{}“",
    "«{}»",
    "「{}」",
    "【{}】",
    "${}$",
    "$${}$$",
    r"\({}\)",
    r"\[{}\]",
    "<b>{}</b>",
    r"\boxed{{{}}}",
    r"$\boxed{{\text{{{}}}}}$",
    r"So \(\boxed{{\mathbf{{{}}}}}\). I hope it is correct.",
    "```\n{}\n```",
    "~~~\n{}\n~~~",
    "Let me think.\n#### {}",
    "Let me see.\n\n**Answer:**\n\n{}",
    "## Final Answer\n{}",
    "The final answer is **{}**.",
    "Answer: {}",
    "**Answer: {}**",
    "答案：{}",
    "所以，正确答案是{}。",
    "【答案】{}",
    "उत्तर: {}",
    "सही उत्तर {} है।",
    "La respuesta correcta es: {}",
    "الإجابة: {}",
    "الإجابة الصحيحة هي {}",
    "La bonne réponse est : {}",
    "সঠিক উত্তর: {}",
    "A resposta correta é {}",
    "Правильный ответ: {}",
    "Правильный ответ — {}",
    "درست جواب: {}",
    "Jawabannya adalah {}",
    "Die richtige Antwort lautet: {}",
    "答えは「{}」です。",
    "正解：{}",
    "정답: {}",
    "정답은 {}입니다.",
    "Doğru cevap: {}",
    "La risposta corretta è {}",
    *(f"<{tag}>{{}}</{tag}>" for tag in TAGS),
    "[ANSWER]{}[/ANSWER]",
    "<think>Is it so?</think>\n<answer>\n{}\n</answer>",
    "<answer>{}",
]
"""Ways to give an answer that every lenient metric reads."""

CODE_WRAPPERS = ["```\n{}\n```", "Sure:\n```{lang}\n{}\n```\nDone.", "<answer>\n{}\n</answer>"]

NUMBER_EDITS = [
    "not {}", "at least {}", "{} or 99", "99 or {}", "{}5", "1{}", "-{}", "{}.5", "{}/7", "{} + 1",
    "{} × 99", "between {} and 99", "{}-99", "{} million", "{}^2", "√{}", "{}:30", "x{}", "{}x",
    "{} ± 1", "99, not {}", "99 (not {})", "anything but {}", "{} is wrong", "{}? No, 99",
    "~~{}~~ 99", "{}, no wait, 99", "{}e3", "{} dozen", "99 of {}", "nearly {}", "{} 99",
]  # fmt: skip
TEXT_EDITS = [
    "not {}", "{} or {o}", "{o} or {}", "{}, {o}", "{o}, not {}", "{o} (not {})",
    "{o} instead of {}",
    "{o} rather than {}", "anything but {}", "{} is wrong", "{}? No, {o}", "~~{}~~ {o}",
    "{}, no wait, {o}", "neither {} nor {o}", "everything except {}", "{} and {o}", "{}/{o}",
    "probably not {}", "not {} but {o}", "{o}, unlike {}", "{} is out, {o}",
]  # fmt: skip
"""Changes of an answer after which it is another one, or none."""

words = st.sampled_from(WORDS)
printed = st.text(st.characters(categories=("Lu", "Ll", "Lo", "Nd", "Po", "Sm", "So")), min_size=1)
wrappers = st.sampled_from(WRAPPERS)
anything = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from([*WORDS, *TERMS, *DATA, *PROGRAMS, *NUMBERS, *LETTERS]), max_size=4
    ).map(" ".join),
    st.builds(lambda wrapper, inner: wrapper.format(inner), wrappers, st.sampled_from(WORDS)),
)

READERS = {
    "exact_match": {},
    "numeric": {},
    "multiple_choice": {},
    "label": {"labels": LABELS},
    "label_set": {"labels": LABELS},
    "json_valid": {},
    "json_fields": {},
    "yaml_valid": {},
    "python_parse": {},
    "sql_valid": {},
}
TARGETS = {"numeric": NUMBERS, "json_fields": [DATA[0], DATA[2]], "label_set": LABELS}


def score(name, output, target, row=None, **options):
    scorer = scorers.get(name, **(READERS.get(name, {}) | options))
    return scorers.score_checked(scorer, output, target, row or {}, sample_id="q")


@settings(deadline=None, max_examples=40)
@given(anything, st.data())
@pytest.mark.parametrize("name", READERS)
def test_strict_is_never_above_lenient(name, output, data):
    target = data.draw(st.sampled_from(TARGETS.get(name, [*WORDS, *LETTERS])))
    scores = score(name, output, target)
    for metric, value in scores.items():
        assert scores.get(f"{metric}_lenient", 1) >= value


@settings(deadline=None, max_examples=40)
@given(st.one_of(words, st.sampled_from([*TERMS, *DATA, *PROGRAMS, *NUMBERS]), printed))
def test_the_target_itself_scores_full_marks(target):
    names = ["exact_match", "token_f1", "rouge_l", "bleu", "chrf", "label"]
    for name in names:
        options = {"labels": None} if name == "label" else {}
        scores = score(name, target, target, **options)
        assert scores == pytest.approx(dict.fromkeys(scores, 1.0)), name


@pytest.mark.parametrize("name", ["bleu", "chrf"])
@pytest.mark.parametrize("target", [*WORDS, "是", "yes", "OK 好", "👍"])
def test_a_corpus_of_short_right_answers_scores_full_marks(name, target):
    scorer = scorers.get(name)
    assert scorer.score_corpus(name, [(target, target, {})] * 3) == pytest.approx(1)


@settings(deadline=None, max_examples=40)
@given(words, words)
def test_another_word_never_scores_full_marks(target, other):
    if other == target:
        return
    for name in ("exact_match", "token_f1", "rouge_l", "bleu", "chrf", "contains"):
        scores = score(name, other, target)
        assert max(scores.values()) < 1, name


@settings(deadline=None, max_examples=40)
@given(wrappers, words)
def test_a_wrapped_text_is_found(wrapper, target):
    output = wrapper.format(target)
    assert score("exact_match", output, target)["exact_match_lenient"] == 1
    for other in WORDS:
        if other != target:
            assert score("exact_match", output, other)["exact_match_lenient"] == 0


@settings(deadline=None, max_examples=40)
@given(wrappers, st.sampled_from(LETTERS))
def test_a_wrapped_letter_is_found_and_no_other(wrapper, letter):
    output = wrapper.format(letter)
    found = [
        one for one in LETTERS if score("multiple_choice", output, one)["multiple_choice_lenient"]
    ]
    assert found == [letter]


@settings(deadline=None, max_examples=40)
@given(wrappers, st.sampled_from(LABELS))
def test_a_wrapped_label_is_found_and_no_other(wrapper, label):
    output = wrapper.format(label)
    assert [one for one in LABELS if score("label", output, one)["label_lenient"]] == [label]
    assert [one for one in LABELS if score("label_set", output, one)["label_set_lenient"]] == [
        label
    ]


@settings(deadline=None, max_examples=40)
@given(wrappers, st.sampled_from(NUMBERS))
def test_a_wrapped_number_is_found_and_no_other(wrapper, number):
    output = wrapper.format(number)
    found = [one for one in NUMBERS if score("numeric", output, one)["numeric_lenient"]]
    assert found == [number]


@settings(deadline=None, max_examples=40)
@given(wrappers, st.sampled_from([r"\frac{3}{4}", r"1.5 \times 10^{3}", "1{,}234", "12,5", "½"]))
def test_no_part_of_a_wrapped_number_is_found(wrapper, number):
    output = wrapper.format(number)
    for part in ("1", "2", "3", "4", "5", "10", "12", "234"):
        assert score("numeric", output, part)["numeric_lenient"] == 0


@settings(deadline=None, max_examples=40)
@given(wrappers, st.sampled_from(NUMBER_EDITS), st.sampled_from(["7", "12", "36"]))
def test_another_number_is_no_longer_the_answer(wrapper, edit, number):
    output = wrapper.format(edit.format(number))
    assert score("numeric", output, number) == {"numeric": 0, "numeric_lenient": 0}


@settings(deadline=None, max_examples=40)
@given(wrappers, st.sampled_from(TEXT_EDITS), st.data())
def test_another_text_is_no_longer_the_answer(wrapper, edit, data):
    name, texts = data.draw(
        st.sampled_from([("multiple_choice", "ABCD"), ("label", LABELS), ("exact_match", WORDS)])
    )
    right, other = data.draw(st.permutations(texts).map(lambda drawn: drawn[:2]))
    output = wrapper.format(edit.replace("{}", right).replace("{o}", other))
    assert max(score(name, output, right).values()) == 0


@settings(deadline=None, max_examples=40)
@given(wrappers, st.lists(st.sampled_from(LETTERS), min_size=2, max_size=6, unique=True))
def test_listing_letters_earns_nothing(wrapper, letters):
    for joint in (", ", " or ", " and ", "/"):
        output = wrapper.format(joint.join(letters))
        for letter in letters:
            assert score("multiple_choice", output, letter)["multiple_choice_lenient"] == 0


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(CODE_WRAPPERS), st.sampled_from([DATA[0], DATA[2]]))
def test_wrapped_json_is_found(wrapper, target):
    output = wrapper.replace("{lang}", "json").replace("{}", target)
    assert score("json_valid", output, "")["json_valid_lenient"] == 1
    assert score("json_fields", output, target)["json_fields_all_lenient"] == 1
    changed = json.dumps({**json.loads(target), "a": [1, 3], "price": 12.6}, ensure_ascii=False)
    output = wrapper.replace("{lang}", "json").replace("{}", changed)
    assert score("json_fields", output, target)["json_fields_all_lenient"] == 0


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(CODE_WRAPPERS), st.sampled_from(PROGRAMS))
def test_wrapped_code_is_found(wrapper, program):
    output = wrapper.replace("{lang}", "python").replace("{}", program)
    assert score("python_parse", output, "")["python_parse_lenient"] == 1


def test_every_language_announces():
    for language, nouns in NOUNS.items():
        for noun in nouns:
            output = f"…\n{noun}: B"
            assert score("multiple_choice", output, "B")["multiple_choice_lenient"], (
                language,
                noun,
            )


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.randoms())
def test_lists_without_order_are_compared_by_content(values, rng):
    shuffled = rng.sample(values, len(values))
    scores = score("json_fields", json.dumps(shuffled), json.dumps(values), list_order=False)
    assert scores["json_fields_all"] == 1
    changed = [*values[:-1], values[-1] + 10]
    scores = score("json_fields", json.dumps(changed), json.dumps(values), list_order=False)
    assert scores["json_fields"] == pytest.approx((len(values) - 1) / len(values))
    assert scores["json_fields_all"] == 0
