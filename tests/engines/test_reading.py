"""Prompts that a server cuts are seen by what it counts of them (S1, S5)."""

import json
import random
from collections.abc import Callable

import pytest

from evalguard.engines.chat import as_messages, read_messages
from evalguard.engines.endpoint.reading import Reading, Sent
from evalguard.engines.endpoint.requests import UnansweredError
from tests.engines import questions

SHORT = 12
CHAT = [
    {"role": "system", "content": "Answer with the number alone, and do not explain it."},
    *(
        {"role": role, "content": f"{role} number {place} says this: " + "some more words " * 20}
        for place in range(4)
        for role in ("user", "assistant")
    ),
    {"role": "user", "content": "And what is it in the end?"},
]


def words(prompt: str) -> list[int]:
    """Tokens of each message, each with three of the template."""
    return [3 + len(one["content"].split()) for one in read_messages(prompt)]


def prompt(number: int, salt: str = "word") -> str:
    return " ".join(f"{salt}{place}" for place in range(number))


def reading(count: Callable[[str], int | None], *asked: str, limit: int = 32) -> list[str | None]:
    """Return for each prompt why it does not count, or ``None``."""
    found = Reading(lambda _model, requests: [count(str(one.args[0])) for one in requests])
    found.learn([SHORT, SHORT + 5], [])
    requests = [questions.generation(one, max_gen_toks=limit) for one in asked]
    found.look("m", requests)
    reasons: list[str | None] = []
    for one in requests:
        try:
            found.check("m", one, count(str(one.args[0])), None)
        except UnansweredError as error:
            reasons.append(str(error))
        else:
            reasons.append(None)
    return reasons


@pytest.mark.parametrize("context", [64, 128, 500])
@pytest.mark.parametrize("salt", ["word", "слово", "東京"])
def test_prompts_beyond_the_context_are_told_from_those_within(context, salt):
    asked = [prompt(number, salt) for number in (20, 50, 100, 300, 900)]
    found = reading(lambda text: min(sum(words(text)), context), *asked)
    cut = [sum(words(text)) >= context for text in asked]
    assert [reason is not None for reason in found] == cut
    assert all(f"truncated the prompt at {context} tokens" in reason for reason in found if reason)


@pytest.mark.parametrize("room", [1, 20, 40, 63, 64, 200])
def test_a_prompt_that_just_fits_counts(room):
    text = prompt(100)
    assert reading(lambda one: min(sum(words(one)), 103 + room), text) == [None]


def test_a_prompt_one_token_too_long_does_not():
    assert "truncated the prompt at 102 tokens" in str(
        reading(lambda one: min(sum(words(one)), 102), prompt(100))
    )


@pytest.mark.parametrize(
    "count",
    [
        lambda text: None,
        lambda text: SHORT,
        lambda text: 9,
        lambda text: random.randrange(20, 400),
        len,
        lambda text: sum(words(text)),
    ],
    ids=["none", "constant", "constant below", "random", "characters", "all"],
)
def test_counts_that_show_no_cut_show_none(count):
    random.seed(3)
    assert reading(count, prompt(100), prompt(300)) == [None, None]


def test_counts_without_what_is_remembered_from_before_show_none():
    """Some servers count only the tokens that are not in their cache."""
    seen: list[str] = []

    def count(text: str) -> int:
        known = max((len(common) for one in seen if text.startswith(common := one)), default=0)
        seen.append(text)
        return max(1, len(text[known:].split()))

    assert reading(count, prompt(300)) == [None]


def test_a_server_that_refuses_what_is_too_long_cuts_nothing():
    count = {True: None}

    def refuse(text: str) -> int | None:
        return count.get(sum(words(text)) > 120, sum(words(text)))

    assert reading(refuse, prompt(100)) == [None]


@pytest.mark.parametrize("context", [100, 150, 220, 300])
def test_first_messages_that_are_left_out_are_missed(context):
    def count(text: str) -> int:
        sizes = words(text)
        while sum(sizes) > context and len(sizes) > 2:
            del sizes[1]  # the system message stays
        return sum(sizes)

    chat = as_messages([dict(one) for one in CHAT])
    (reason,) = reading(count, chat)
    assert reason
    assert "drops the first messages" in reason or "truncated the prompt" in reason


def test_a_chat_that_is_read_whole_counts():
    chat = as_messages([dict(one) for one in CHAT])
    assert reading(lambda text: sum(words(text)), chat) == [None]
    assert json.loads(chat.partition("|>")[2]) == CHAT


def test_what_is_sent_as_tokens_is_counted_exactly():
    found = Reading(lambda _model, requests: [301] * len(requests))
    request = questions.generation("a")
    found.learn([11, 21], [Sent(10, 11), Sent(20, 21)])
    found.check("m", request, 301, 300)
    found.check("m", request, None, 300)
    with pytest.raises(UnansweredError, match="read 128 of the 300 tokens of the prompt"):
        found.check("m", request, 128, 300)


@pytest.mark.parametrize(
    "sent", [[], [Sent(10, 9), Sent(20, 9)], [Sent(10, 1), Sent(20, 1)], [Sent(10, 10)]]
)
def test_counts_that_are_none_of_what_is_sent_tell_nothing(sent):
    found = Reading(lambda _model, requests: [301] * len(requests))
    found.learn([one.counted for one in sent], sent)
    found.check("m", questions.generation("a"), 9, 300)


@pytest.mark.parametrize("again", [1, 45, None])
def test_tokens_that_are_counted_once_tell_nothing(again):
    counts = iter([301, again])
    found = Reading(lambda _model, requests: [next(counts)])
    found.learn([11, 21], [Sent(10, 11), Sent(20, 21)])
    found.check("m", questions.generation("a"), 9, 300)


def test_a_cut_that_was_seen_once_counts_for_later_runs():
    counts = {100: 64, 900: 903}
    found = Reading(lambda _m, asked: [64] * len(asked))
    found.learn([SHORT], [])
    for number, counted in counts.items():
        request = questions.generation(prompt(number), max_gen_toks=32)
        found.look("m", [request])
        with pytest.raises(UnansweredError, match="at 64 tokens"):
            found.check("m", request, counted, None)


def test_a_longer_prompt_of_a_later_run_is_tried_as_well():
    found = Reading(lambda _m, asked: [min(sum(words(str(one.args[0]))), 400) for one in asked])
    found.learn([SHORT], [])
    for number, cut in ((100, False), (900, True)):
        request = questions.generation(prompt(number), max_gen_toks=32)
        found.look("m", [request])
        if cut:
            with pytest.raises(UnansweredError, match="at 400 tokens"):
                found.check("m", request, 400, None)
        else:
            found.check("m", request, number + 3, None)
