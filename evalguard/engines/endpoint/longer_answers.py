"""Sees by longer answers whether the prompts of a task reach a model, where nothing else tells.

A server without log-probabilities may let the base answer the prompts of a task alone, and the
short answers of two models are often the same. Both models are therefore asked prompts of the task
for more words. Answers that are the same, or differ no more than those of one model, prove
nothing: then the check must not pass on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lm_eval.api.instance import Instance

from evalguard.engines.base import Doubt
from evalguard.engines.chat import as_messages, read_messages
from evalguard.engines.endpoint.identity import differ

Texts = Callable[[Sequence[Instance]], "list[str | None]"]
"""Asks a model; ``None`` where there is no answer."""

_TRIED = 6
"""Prompts of each task that both models are asked."""

_FEWEST = 3
"""Of these, how many must be answered."""

_REPEATS = 2
"""Times that each is asked, which show whether a model repeats itself."""

_TOKENS = 48

_MORE = "After your answer, explain it in three sentences, in words of your own."
"""What a chat is asked for besides; elsewhere answers are longer without their stop strings."""


class LongerAnswers:
    """Knows the tasks for which it cannot be told which model answered.

    Args:
        chat: Whether models are asked by chat messages.
    """

    def __init__(self, chat: bool) -> None:
        self._chat = chat
        self._found: dict[tuple[str, str | None], str] = {}
        self._of_base: dict[str, list[str | None]] = {}

    def look(self, model: str, requests: Iterable[Instance], own: Texts, base: Texts) -> None:
        """Compare a model with the base on a few prompts of each task.

        :meth:`doubt` says what is found.

        Args:
            model: A model that was proven to differ from the base on other prompts.
            requests: What it will be asked, of tasks of which nothing else tells who answers.
            own: Asks the model.
            base: Asks the base.
        """
        by_task: dict[str | None, dict[str, Instance]] = {}
        for one in requests:
            if one.request_type == "generate_until" and (model, one.task_name) not in self._found:
                by_task.setdefault(one.task_name, {}).setdefault(str(one.args[0]), one)
        for task, by_prompt in by_task.items():
            prompts = list(by_prompt.values())
            number = min(_TRIED, len(prompts))
            few = [prompts[place * len(prompts) // number] for place in range(number)]
            known = self._answers_of_base(few, base)
            self._found[model, task] = _doubt(known, self._ask(few, own))

    def doubt(self, model: str, request: Instance) -> Doubt | None:
        """Return why it cannot be told who answers the prompts of a request's task."""
        words = self._found.get((model, request.task_name))
        if not words:
            return None
        settings = request.args[1] if request.request_type == "generate_until" else {}
        sampled = bool(settings.get("do_sample") or settings.get("temperature"))
        return Doubt(words, is_of_identity=not sampled)

    def _answers_of_base(self, few: Sequence[Instance], base: Texts) -> list[list[str | None]]:
        """Return the base's answers to each prompt; it is asked what it has not answered before."""
        prompts = [str(one.args[0]) for one in few]
        missing = [one for one in few if None in self._of_base.get(str(one.args[0]), [None])]
        for one, answers in zip(missing, self._ask(missing, base), strict=True):
            self._of_base[str(one.args[0])] = answers
        return [self._of_base[prompt] for prompt in prompts]

    def _ask(self, few: Sequence[Instance], ask: Texts) -> list[list[str | None]]:
        """Return several answers to each prompt."""
        if not few:
            return []
        found = ask([self._longer(one) for one in few for _ in range(_REPEATS)])
        return [found[start : start + _REPEATS] for start in range(0, len(found), _REPEATS)]

    def _longer(self, request: Instance) -> Instance:
        prompt = str(request.args[0])
        if self._chat:
            *before, last = read_messages(prompt)
            prompt = as_messages([*before, {**last, "content": f"{last['content']}\n\n{_MORE}"}])
        return Instance(
            request_type="generate_until",
            doc=request.doc,
            arguments=(prompt, {"until": [], "max_gen_toks": _TOKENS, "do_sample": False}),
            idx=request.idx,
        )


def _doubt(base: Sequence[Sequence[str | None]], own: Sequence[Sequence[str | None]]) -> str:
    """Return why answers, several to each prompt, do not tell two models apart."""
    one, two = [], []
    for first, second in zip(base, own, strict=True):
        if None not in (*first, *second):
            one.append([str(text) for text in first])
            two.append([str(text) for text in second])
    if len(one) >= _FEWEST and differ(one, two):
        return ""
    seen = (
        f"longer answers to {len(one)} prompts do not differ from the baseline's"
        if len(one) >= _FEWEST
        else f"only {len(one)} of {len(base)} prompts for a longer answer "
        f"{'was' if len(one) == 1 else 'were'} answered"
    )
    return (
        f"cannot verify that this model, not the baseline, answered: the server returns no usable "
        f"log-probabilities, and {seen}. Enable 'logprobs' on the server, or gate a suite with "
        f"longer answers"
    )
