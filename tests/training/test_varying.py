"""Files whose rows ask the same: what tells them apart must be read, or left out on purpose."""

from __future__ import annotations

import pytest

from tests.training.test_unread import reading

MOODS = ("positive", "negative")
CITIES = ("Lima", "Oslo", "Cairo", "Rome", "Quito", "Bern")


def classified(n=60, **columns):
    """Return rows of one instruction, whose sentence is in a column of its own."""
    return [
        {"instruction": "Classify the sentence", "output": MOODS[i % 2]}
        | {name: make(i) for name, make in columns.items()}
        for i in range(n)
    ]


def sentence(i):
    return f"It was {'good' if i % 2 == 0 else 'bad'}, the {i}th film."


def test_a_column_on_which_the_answers_depend_is_not_lost():
    rows = classified(sentence=sentence, id=lambda i: i)
    found = reading(*rows)
    assert not found.examples
    assert len({one.message for one in found.problems}) == 1
    message = found.problems[0].message
    assert "60 rows ask the same as others, such as 'Classify the sentence'" in message
    assert "'sentence' varies with the answer" in message
    assert "data: {columns: {input: sentence}}" in message
    assert "ignore: [sentence]" in message
    assert reading(*rows, format="alpaca").problems  # only ignore: says that it does not matter
    assert len(reading(*rows, ignore=("sentence",)).examples) == 60
    mapped = reading(*rows, columns={"input": "sentence"})
    assert mapped.examples[0].messages[0]["content"].endswith(sentence(0))


@pytest.mark.parametrize(
    "columns",
    [
        {"utterance": lambda i: f"word{'s' * (i % 7)} {MOODS[i % 2]} enough"},
        {"Satz": lambda i: f"{'Gut' if i % 2 == 0 else 'Schlecht'} war es zum {i}. Mal"},
        {"fields": lambda i: {"stars": 5 - 4 * (i % 2), "n": i}},
        {"items": lambda i: [i, i % 2]},
        {"stars": lambda i: (4 + i % 4 // 2) if i % 2 == 0 else 1 + i % 4 // 2},
        {"price": lambda i: str(5 + i % 4)},
        {"humidity": lambda i: f"{(20, 80, 30, 90)[i % 4]}%"},
        {"ISO_word": lambda i: ("ja", "no", "jo", "nej")[i % 4]},
    ],
)
def test_whatever_it_is_called_and_holds(columns):
    (name,) = columns
    assert f"'{name}' varies" in reading(*classified(**columns)).problems[0].message


def test_a_few_rows_that_are_a_whole_file_show_it_too():
    words = [("dog", "Hund"), ("cat", "Katze")]
    rows = [{"prompt": "Translate the word.", "completion": de, "word": en} for en, de in words]
    assert "'word' varies" in reading(*rows).problems[0].message


def test_rows_that_are_there_twice_do_not_make_a_word_a_label():
    words = [("dog", "Hund"), ("cat", "Katze"), ("cow", "Kuh")] * 2
    rows = [{"prompt": "Translate the word.", "completion": de, "word": en} for en, de in words]
    assert "'word' varies" in reading(*rows).problems[0].message


def test_a_title_counts_where_the_answer_says_it():
    rows = [
        {"prompt": "Write about it.", "completion": f"{city} is old.", "title": city}
        for city in CITIES
    ]
    assert "'title' varies" in reading(*rows).problems[0].message


def test_messages_and_preferences_are_files_as_well():
    talks = [
        {
            "messages": [
                {"role": "user", "content": "Which mood is it?"},
                {"role": "assistant", "content": MOODS[i % 2]},
            ],
            "clip": sentence(i),
        }
        for i in range(12)
    ]
    message = reading(*talks).problems[0].message
    assert "'clip' varies" in message
    assert "Write what the answer depends on into the question" in message
    pairs = [
        {"prompt": "Which?", "chosen": MOODS[i % 2], "rejected": MOODS[1 - i % 2], "clip": talk}
        for i, talk in enumerate(map(sentence, range(12)))
    ]
    assert "'clip' varies" in reading(*pairs).problems[0].message


@pytest.mark.parametrize(
    "columns",
    [
        *({"id": lambda i: i}, {"uid": lambda i: f"a{i}"}, {"when": lambda i: f"2026-01-{i:02}"}),
        {"annotator": lambda i: CITIES[i % 6]},
        {"shard": lambda i: i % 3},
        {"nr": str},
        {"loudness": lambda i: str(i / 7)[:5]},
        {"label_name": lambda i: MOODS[i % 2]},
        {"mood_id": lambda i: i % 2},
        {"verdict_text": lambda i: f"It is {MOODS[i % 2]}."},
        {"reward": lambda i: i / 60},
        {"batch": lambda i: "one"},
        {"comment": sentence},
        {"generation_config": lambda i: {"seed": i}},
    ],
)
def test_what_only_describes_the_rows_or_follows_from_the_answer_is_ignored(columns):
    found = reading(*classified(**columns))
    assert found.problems == ()
    assert found.ignored == dict.fromkeys(columns, 60)


def test_questions_that_differ_need_nothing_else():
    rows = [
        {"prompt": f"Which mood has {sentence(i)}", "completion": MOODS[i % 2], "clip": sentence(i)}
        for i in range(20)
    ]
    assert reading(*rows).problems == ()
    greetings = [
        {"prompt": "Hi", "completion": f"Hello {i}.", "mood": f"as {i} is"} for i in (1, 2)
    ]
    assert reading(*rows, *greetings).problems == ()


@pytest.mark.parametrize(
    "text",
    [
        *("Classify: {sentence}", "Classify: {{ sentence }}", "Classify: ${sentence}"),
        *("Classify: %(sentence)s", "Classify: <<Sentence>>", "Classify: [[sentence]]"),
    ],
)
def test_a_place_that_nothing_fills_in_is_no_question(text):
    row = {"instruction": text, "output": "positive", "sentence": "It was good."}
    message = reading(row).problems[0].message
    assert "a placeholder for column 'sentence'" in message
    assert "ignore: [sentence]" in message
    assert reading(row, ignore=("sentence",)).problems == ()
    system = {"system": text, "prompt": "Go.", "completion": "positive", "sentence": "Fine."}
    assert "a placeholder for column" in reading(system).problems[0].message


@pytest.mark.parametrize(
    "row",
    [
        {"instruction": "Print {name} with ```f'{name}'```", "output": "…", "name": "Ann"},
        {"instruction": "Solve {x} = 3", "output": "3", "name": "Ann"},
        {"instruction": "Read {input}", "input": "It was good.", "output": "positive"},
        {"instruction": "Read {clip}: It was good.", "clip": "It was good.", "output": "positive"},
    ],
)
def test_braces_of_programs_and_places_that_are_filled_in_are_read(row):
    assert reading(row).problems == ()
