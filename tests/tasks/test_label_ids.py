"""Labels of several people, a row for each of them and each answer, under the answer's id."""

import json

import pytest

from evalguard.errors import DataError
from evalguard.tasks.kinds.judge import JudgeTask
from evalguard.tasks.kinds.preference import Preference
from evalguard.tasks.label_values import LabelReading
from evalguard.tasks.prompts import PromptRows
from evalguard.tasks.rows import read_rows

PEOPLE = ("ann", "ben", "cleo")


def rows(n=20):
    """Return labels of which the third person's is always yes."""
    return [
        {
            "id": f"item-{k}",
            "annotator": person,
            "q": f"q{k}",
            "answer": f"says {k}",
            "label": "yes" if person == "cleo" or k % 2 else "no",
        }
        for k in range(n)
        for person in PEOPLE
    ]


@pytest.fixture
def labelled(tmp_path):
    def read(found, task=JudgeTask, *, name="labels.jsonl", data=({"q": "x"},), **reading):
        lines = [json.dumps(row) for row in found]
        text = "\n".join(lines) if name.endswith("l") else f"[{','.join(lines)}]"
        (tmp_path / name).write_text(text)
        (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, data)))
        prompts = PromptRows("suite 's', task 't'", tmp_path / "rows.jsonl", prompt="{{ q }}")
        labels = PromptRows(
            "suite 's', task 't'", tmp_path / name, prompt="{{ q }}", repeats_ids=True
        )
        read = LabelReading(**reading)
        judged = task("s", "t", rows=prompts, labelled=labels, criterion="good", reading=read)
        return judged.labelled(None)

    return read


@pytest.mark.parametrize("name", ["labels.jsonl", "labels.json"])
def test_every_persons_label_counts(labelled, name):
    found = labelled(rows(), name=name)
    assert found.counts == {True: 10, False: 10}
    assert found.pairs == 60
    assert found.agreeing == 10 * 3 + 10
    assert labelled(rows(), name=name, annotators="majority").uneven == 0


def test_all_must_agree_where_that_is_asked_for(labelled):
    with pytest.raises(DataError, match="10 are labelled yes and 0 no"):
        labelled(rows(), annotators="all")


@pytest.mark.parametrize(
    "id_", [lambda k: k, lambda k: None, lambda k: {"n": k}, lambda k: 0.5 * k]
)
def test_ids_of_any_kind(labelled, id_):
    found = labelled([row | {"id": id_(int(row["id"][5:]))} for row in rows()])
    assert found.counts == {True: 10, False: 10}


def test_a_pair_in_either_order_is_one(labelled):
    found = []
    for k in range(20):
        first = {"id": k, "q": f"q{k}", "a": f"a{k}", "b": f"b{k}", "better": "ab"[k % 2]}
        turned = first | {"a": first["b"], "b": first["a"], "better": "ba"[k % 2]}
        found += [first, turned, first]
    result = labelled(found, Preference)
    assert len(result.items) == 20
    assert result.agreeing == result.pairs == 60


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"answer": "says another"}, "answer"),
        ({"q": "another"}, "question"),
        ({"q": "Q0"}, "quest"),
    ],
)
def test_an_id_that_stands_for_two(labelled, changed, what):
    found = rows()
    found[2] |= changed
    with pytest.raises(DataError, match=rf"labels\.jsonl:3: id 'item-0' .* row 1, .*{what}"):
        labelled(found)


def test_all_rows_that_contradict_are_named(labelled):
    found = rows()
    found[1] |= {"answer": "x"}
    found[5] |= {"answer": "x"}
    with pytest.raises(DataError, match=r"2 of 60 rows .*\n.*:2: id 'item-0'.*\n.*:6: id 'item-1'"):
        labelled(found)


def test_an_answer_of_a_pair_that_another_person_saw_otherwise(labelled):
    one = {"id": 1, "q": "q", "a": "x", "b": "y", "better": "a"}
    with pytest.raises(DataError, match="id '1' is also that of row 1, which has a diff"):
        labelled([one, one | {"b": "z"}], Preference)


def test_the_id_of_a_prompt_may_have_several_answers(labelled):
    data = [{"id": f"item-{k}", "q": f"q{k}"} for k in range(20)]
    found = [
        {"id": f"item-{k}", "q": f"q{k}", "answer": f"{model} {k}", "label": label}
        for k in range(20)
        for model, label in (("base", "yes"), ("cand", "no"))
    ]
    assert labelled(found, data=data).counts == {True: 20, False: 20}
    with pytest.raises(DataError, match="which has a different question"):
        labelled([*found, found[0] | {"q": "another"}], data=data)


def test_a_file_of_prompts_may_not_repeat_them(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows())))
    with pytest.raises(DataError, match="must hold a different value in every row"):
        read_rows(path)
    assert len(read_rows(path, repeats_ids=True)) == 60


SPELLINGS = {
    "dots": lambda k: f"Fine{'.' * k}",
    "blanks": lambda k: f"Fi{' ' * k}ne",
    "case": lambda k: "".join(one.upper() if k >> n & 1 else one for n, one in enumerate("finely")),
    "signs": lambda k: "Fine " + "\U0001f600!-*_"[k % 5] * (1 + k // 5),
    "quotes and lists": lambda k: "- " * k + '"Fine"',
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_one_answer_in_many_spellings_is_labelled_once(labelled, spelling):
    found = [
        {"q": "q", "answer": spelling(k) if label == "yes" else f"says {k}", "label": label}
        for k in range(20)
        for label in ("yes", "no")
    ]
    with pytest.raises(DataError, match=r"1 are labelled yes and 20 no.*punctuation or case alone"):
        labelled(found)


def test_spellings_that_people_label_differently_all_count(labelled):
    """The criterion may be about signs."""
    found = [
        {"q": f"q{k}", "answer": f"Fine{sign}", "label": label}
        for k in range(20)
        for sign, label in (("!", "yes"), (".", "no"))
    ]
    assert labelled(found).counts == {True: 20, False: 20}
    assert labelled(found).again == 0


def test_marks_that_make_other_words_make_other_answers(labelled):
    """Such as the vowels of Hindi, which are no letters of their own."""
    words = [f"{letter}{vowel}" for letter in "कम" for vowel in "ािीुूेैोौं"]
    found = [
        {"q": "q", "answer": word if label == "yes" else f"says {k}", "label": label}
        for k, word in enumerate(words)
        for label in ("yes", "no")
    ]
    assert labelled(found).counts == {True: 20, False: 20}
