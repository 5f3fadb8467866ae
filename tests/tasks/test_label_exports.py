"""Files of labels as annotation tools export them, read or answered with the lines to write."""

import json
import unicodedata

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evalguard.config.yaml_text import parse_yaml
from evalguard.errors import DataError
from evalguard.scorers.written import comparable, written
from evalguard.tasks.kinds.judge import JudgeTask
from evalguard.tasks.kinds.preference import Preference
from evalguard.tasks.label_config import Labels
from evalguard.tasks.label_values import LabelReading
from evalguard.tasks.prompts import PromptRows
from evalguard.tasks.scales import Scale


@pytest.fixture
def read(tmp_path):
    """Read a file of labels, given as rows or as the text of a CSV."""

    def labelled(content, task=JudgeTask, *, suffix="json", **reading):
        path = tmp_path / f"labels.{'csv' if isinstance(content, str) else suffix}"
        if isinstance(content, str):
            path.write_text(content)
        elif suffix == "parquet":
            pq.write_table(pa.Table.from_pylist(content), path)
        else:
            path.write_text(json.dumps(content))
        prompts = PromptRows("here", path, prompt="Q: {{ q }}", repeats_ids=True)
        judged = task(
            "s",
            "t",
            rows=prompts,
            labelled=prompts,
            criterion="good",
            reading=LabelReading(file=path.name, **reading),
        )
        return judged.labelled(None)

    return labelled


def labels(found):
    return [item.label for item in found.items]


def rows(of, n=20):
    """Return rows made of a number and whether the answer is good."""
    return [of(i, i % 2 == 0) for i in range(n)]


GOOD = [True, False] * 10


def studio(values, i=0, **more):
    results = [{"from_name": "polite", "type": "choices", "value": {"choices": [values]}}]
    return {"completed_by": i, "was_cancelled": False, "result": results, **more}


def texts(i):
    return {"q": f"ask {i}", "answer": f"said {i}"}


class TestLabelStudio:
    def test_each_annotation_is_a_label(self, read):
        def task(i, good):
            ours = "yes" if good else "no"
            annotations = [studio(ours), studio(ours, 1), studio("no", 2, was_cancelled=True)]
            return {"id": i, "data": texts(i), "annotations": annotations, "predictions": []}

        found = read(rows(task))
        assert labels(found) == GOOD
        assert (found.agreeing, found.pairs) == (20, 20)

    def test_a_comment_beside_the_choice_is_no_label(self, read):
        def task(i, good):
            one = studio("yes" if good else "no")
            one["result"].append({"from_name": "why", "value": {"text": ["no"]}})
            return {"data": texts(i), "annotations": [one]}

        assert labels(read(rows(task))) == GOOD

    def test_a_task_that_nobody_labelled_is_left_out(self, read):
        tasks = rows(
            lambda i, good: {"data": texts(i), "annotations": [studio(["no", "yes"][good])]}
        )
        found = read([*tasks, {"data": texts(99), "annotations": []}])
        assert labels(found) == GOOD
        assert found.skipped == 1

    def test_of_two_controls_the_one_that_is_named(self, read):
        def task(i, good):
            one = studio("yes" if good else "no")
            one["result"].append({"from_name": "long", "value": {"choices": ["yes"]}})
            return {"data": texts(i), "annotations": [one]}

        assert labels(read(rows(task), columns={"label": "polite"})) == GOOD
        with pytest.raises(DataError, match=r"(?s)no column 'label'.*columns: \{label: polite\}$"):
            read(rows(task), columns={})

    def test_two_regions_with_one_control_are_an_error(self, read):
        def task(i, good):
            one = studio("yes" if good else "no")
            one["result"] *= 2
            return {"data": texts(i), "annotations": [one]}

        with pytest.raises(DataError, match="one result of each control"):
            read(rows(task))

    def test_ratings_are_scores(self, read):
        def task(i, good):
            value = {"from_name": "stars", "type": "rating", "value": {"rating": 4 if good else 2}}
            return {"data": texts(i), "annotations": [{"result": [value]}]}

        assert labels(read(rows(task), scale=Scale(1, 5, 4))) == GOOD

    def test_choices_in_a_csv(self, read):
        lines = ["q,answer,label"]
        for i, good in enumerate(GOOD):
            cell = '"{""choices"": [""' + ("yes" if good else "no") + '""]}"'
            lines.append(f"ask {i},said {i},{cell}")
        assert labels(read("\n".join(lines))) == GOOD


class TestArgilla:
    def test_only_submitted_responses_of_a_dataset_count(self, read):
        def record(i, good):
            said = "yes" if good else "no"
            states = ["submitted", "submitted", "draft"]
            responses = {"polite.responses": [said, said, "no"], "polite.responses.status": states}
            return {**texts(i), **responses}

        found = read(rows(record), suffix="parquet", columns={"label": "polite.responses"})
        assert labels(found) == GOOD
        assert found.pairs == 20

    @pytest.mark.parametrize("version", [1, 2])
    def test_records(self, read, version):
        def record(i, good):
            said = "yes" if good else "no"
            if version == 2:
                return {"fields": texts(i), "responses": {"polite": [{"value": said}]}}
            answer = {"values": {"polite": {"value": said}}, "status": "submitted"}
            discarded = {"values": {"polite": {"value": "no"}}, "status": "discarded"}
            return {"fields": texts(i), "responses": [answer, discarded]}

        assert labels(read(rows(record))) == GOOD


class TestProdigy:
    def test_a_choice(self, read):
        def task(i, good):
            accept = ["polite" if good else "rude"]
            return {"q": f"ask {i}", "text": f"said {i}", "accept": accept, "answer": "accept"}

        ignored = {"q": "ask", "text": "said", "accept": ["rude"], "answer": "ignore"}
        found = read(
            [*rows(task), ignored],
            columns={"answer": "text", "label": "accept"},
            values={"polite": "yes", "rude": "no"},
        )
        assert labels(found) == GOOD
        assert found.skipped == 1

    @pytest.mark.parametrize("accept", [None, "polite"])
    def test_without_its_columns_it_shows_them(self, read, accept):
        def task(i, good):
            found = {"q": f"ask {i}", "text": f"said {i}", "answer": "accept" if good else "reject"}
            return found if accept is None else {**found, "answer": "accept", "accept": [accept]}

        column = "answer" if accept is None else "accept"
        with pytest.raises(DataError, match=rf"columns: \{{label: {column}, answer: text\}}"):
            read(rows(task))


def test_a_list_in_a_cell_holds_the_labels_of_several_people(read):
    def row(i, good):
        return {**texts(i), "label": ["yes", "yes", "no"] if good else "['no', 'no', 'yes']"}

    found = read(rows(row))
    assert labels(found) == GOOD
    assert (found.agreeing, found.pairs) == (20, 60)


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("Ja", "Nein"), ("Y", "N"), ("oui", "non"), ("はい", "いいえ"), ("WAHR", "FALSCH"),
        ("Sí", "No"), ("是", "否"), ("да", "нет"), ("\u00a0Yes\u200b", "\u201cno\u201d"),
        ("ＹＥＳ", "ｎｏ"), (unicodedata.normalize("NFD", "sí"), "no"),
    ],
)  # fmt: skip
def test_yes_and_no_in_any_language_and_spelling(read, yes, no):
    assert labels(read(rows(lambda i, good: {**texts(i), "label": yes if good else no}))) == GOOD


def pair(i, better, **more):
    return {"q": f"ask {i}", "response_a": f"a {i}", "response_b": f"b {i}", "won": better, **more}


OF_PAIR = {"a": "response_a", "b": "response_b", "better": "won"}


@pytest.mark.parametrize(
    ("a", "b", "tie"),
    [
        ("model_a", "model_b", "tie"), ("Response A", "Response B", "equal"),
        ("assistant_a", "assistant_b", "Tie (bothbad)"), ("A", "B", "draw"),
    ],
)  # fmt: skip
def test_the_better_of_two_by_any_name(read, a, b, tie):
    of = rows(lambda i, first: pair(i, a if first else b))
    found = read([*of, pair(99, tie)], Preference, columns=OF_PAIR)
    assert labels(found) == [*GOOD, None]


class TestAModelThatIsNamed:
    def of(self, i, first):
        """The model called mine is better, wherever it is."""
        models = ("mine", "theirs") if first else ("theirs", "mine")
        return pair(i, "mine", model_a=models[0], model_b=models[1])

    def test_is_found_in_its_row(self, read):
        assert labels(read(rows(self.of), Preference, columns=OF_PAIR)) == GOOD

    def test_is_no_label_where_the_answers_have_other_columns(self, read):
        columns = {"a": "response_b", "b": "response_a", "better": "won"}
        with pytest.raises(DataError, match="'won' names models, and which of them is a or b"):
            read(rows(self.of), Preference, columns=columns)


@pytest.mark.parametrize(
    ("score", "number"), [("4 - Agree", 4), ("2: poor", 2), ("★★★★☆", 4), ("⭐⭐", 2), ("−1", -1)]
)
def test_scores_with_words_and_stars(read, score, number):
    scale = Scale(-5, 5, 3)
    of = rows(lambda i, good: {**texts(i), "label": 5 if good else -5}, 22)
    assert labels(read([*of, {**texts(99), "label": score}], scale=scale))[-1] is (number >= 3)


class TestTheSameText:
    VARIANTS = (
        "Don't go – it's a café. ",
        "Don\u2019t go – it\u2019s a café.\n",
        unicodedata.normalize("NFD", "Don't go – it's a café."),
        "Don't\u00a0go – it's a café.\u200b",
        "Don't go – it's a café.\r\n",
    )

    def test_is_one_item(self, read):
        of = rows(lambda i, good: {**texts(i), "label": "yes" if good else "no"})
        found = read(of + [{"q": "x", "answer": one, "label": "yes"} for one in self.VARIANTS])
        assert len(found.items) == 21
        assert found.pairs == 10
        assert found.items[-1].answers == (self.VARIANTS[0],)

    def test_with_different_labels_is_a_conflict(self, read):
        of = rows(lambda i, good: {**texts(i), "label": "yes" if good else "no"}, 22)
        found = read([*of, {"q": "ask 0", "answer": "said 0  ", "label": "no"}])
        assert len(found.items) == 21
        assert found.uneven == 1

    def test_of_a_pair_in_the_other_order(self, read):
        of = [
            {"q": f"ask {i}", "a": f"1 {i}", "b": f"2 {i}", "better": "ab"[i % 2]}
            for i in range(20)
        ]
        again = {"q": "ask 0 ", "a": "2 0\n", "b": "1 0", "better": "b"}
        found = read([*of, again], Preference)
        assert len(found.items) == 20
        assert (found.agreeing, found.pairs) == (1, 1)

    def test_under_one_id_is_no_contradiction(self, read):
        of = [{**texts(i), "id": i, "label": "yes" if i % 2 else "no"} for i in range(20)]
        other = {"q": "ask 1", "answer": "said 1 ", "id": 1, "label": "yes"}
        assert len(read([*of, other]).items) == 20

    @pytest.mark.parametrize(
        ("one", "other"),
        [("a b", "ab"), ("yes", "Yes"), ("5", "−5"), ("½", "1/2"), ("a\n\nb", "a\nb")],
    )
    def test_other_texts_stay_others(self, one, other):
        assert comparable(one) != comparable(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("−1", -1), ("refusée", unicodedata.normalize("NFD", "refusée")), ("１", 1), ("👍🏽", "👍"),
        ("very\u00a0 good", "very good"), ("«oui»", "oui"), ("don\u2019t know", "don't know"),
    ],
)  # fmt: skip
def test_values_that_are_written_alike(one, other):
    assert written(one) == written(other)


def described(error):
    """Return the reading that an error's lines describe."""
    _, _, shown = str(error).partition("\n    labelled:")
    config = Labels.model_validate(parse_yaml(shown, "the error"))
    values = {written(v): str(k) for k, listed in config.listed.items() for v in listed}
    return {"columns": config.columns, "values": values}


class TestTheLinesOfAnError:
    """Written into the suite as they are, they read the file."""

    def round_trip(self, read, content, task=JudgeTask, **reading):
        with pytest.raises(DataError, match="If this is what the file means") as error:
            read(content, task, **reading)
        return read(content, task, **described(error.value))

    @pytest.mark.parametrize(
        ("yes", "no"),
        [("gut", "schlecht"), ("accept", "reject"), ("👍", "👎"), ("Wahr?", "Falsch?"), ("C", "I")],
    )
    def test_values(self, read, yes, no):
        def row(i, good):
            return {**texts(i), "label": yes if good else no}

        assert labels(self.round_trip(read, rows(row))) == GOOD

    def test_columns_and_values(self, read):
        def row(i, good):
            return {
                "q": f"ask {i}",
                "response": f"said {i}",
                "rating": ["bad", "good"][good],
                "id": i,
            }

        assert labels(self.round_trip(read, rows(row))) == GOOD

    def test_blanks_are_left_out(self, read):
        of = rows(lambda i, good: {**texts(i), "label": "yes" if good else "no"})
        found = self.round_trip(read, [*of, {**texts(99), "label": ""}])
        assert labels(found) == GOOD
        assert found.skipped == 1

    @pytest.mark.parametrize(
        ("a", "b", "tie"), [("left", "right", "both"), (1, 2, 0), ("A>B", "B>A", "=")]
    )
    def test_pairs(self, read, a, b, tie):
        of = rows(lambda i, first: pair(i, a if first else b))
        found = self.round_trip(read, [*of, pair(99, tie)], Preference, columns=OF_PAIR)
        assert labels(found) == [*GOOD, None]

    def test_the_columns_of_pairs(self, read):
        of = rows(lambda i, first: pair(i, "a" if first else "b") | {"winner": "ab"[not first]})
        assert labels(self.round_trip(read, of, Preference)) == GOOD

    def test_prodigy(self, read):
        def task(i, good):
            return {"q": f"ask {i}", "text": f"said {i}", "answer": "accept" if good else "reject"}

        ignored = {"q": "ask", "text": "said", "answer": "ignore"}
        found = self.round_trip(read, [*rows(task), ignored])
        assert labels(found) == GOOD
        assert found.skipped == 1

    def test_values_that_the_suite_names_in_part(self, read):
        of = rows(lambda i, good: {**texts(i), "label": "fine" if good else "meh"})
        found = self.round_trip(read, of, values={"fine": "yes"})
        assert labels(found) == GOOD


def test_a_scale_is_proposed_for_numbers(read):
    of = [{**texts(i), "label": 1 + i % 5} for i in range(25)]
    with pytest.raises(DataError, match=r"scale: \{low: 1, high: 5, pass_from: …\}"):
        read(of)


def test_a_column_for_each_annotator_is_named(read):
    of = [
        {**texts(i), "ann": "yes", "ben": ["no", "yes"][i % 2], "eva": ["yes", "no"][i % 2]}
        for i in range(20)
    ]
    with pytest.raises(
        DataError, match=r"2 columns hold labels \(ben, eva\): write a row for each"
    ):
        read(of)


def test_a_broken_row_among_known_ones_needs_no_lines(read):
    of = rows(lambda i, good: {**texts(i), "label": "yes" if good else "no"})
    with pytest.raises(DataError, match="column 'answer' holds null") as error:
        read([*of, {"q": "x", "answer": None, "label": "yes"}])
    assert "labelled:" not in str(error.value)
