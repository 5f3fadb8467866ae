"""A model in training is probed on its answers alone."""

from evalguard.pipeline.probes import whole_answers
from evalguard.runner.answers import AnswerReader
from evalguard.scorers import get
from evalguard.scorers.thinking import Thinking
from evalguard.tasks.kinds.test_set import TestSet
from evalguard.tasks.prompts import PromptRows
from tests.conftest import write_jsonl


class Model:
    """Thinks before it answers, and ends at stop strings."""

    def __init__(self):
        self.asked = []

    def generate_until(self, requests, disable_tqdm):
        texts = []
        for request in requests:
            prompt, settings = request.arguments
            self.asked.append(prompt)
            text = f"<think>\nNot {prompt}.\n</think>\n{prompt}" if prompt != "5" else "5"
            for stop in settings["until"]:
                text = text.split(stop, maxsplit=1)[0]
            texts.append(text)
        return texts


def test_what_a_stop_string_cut_is_asked_again(tmp_path):
    write_jsonl(tmp_path / "rows.jsonl", [{"a": text} for text in "12356"])
    rows = PromptRows("suite", tmp_path / "rows.jsonl", prompt="{{ a }}")
    scorers = [get("exact_match")]
    task = TestSet("s", "t", rows=rows, target="{{ a }}", scorers=scorers, stop=["\n"])
    reader = AnswerReader(Thinking(), len)
    model = Model()
    samples = task.prepare(None)
    answers = whole_answers(model, [(task, sample) for sample in samples], reader)
    assert model.asked == [*"12356", *"1236"]
    scored = [reader.score(task, *one) for one in zip(samples, answers, strict=True)]
    assert [one.scores["exact_match"] for one in scored] == [1.0] * 5
