"""Answers that a server ends early and calls whole (S1)."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from evalguard.engines.base import generation
from evalguard.engines.endpoint.ceilings import Ceilings, Written, breaks_off
from evalguard.engines.endpoint.requests import UnansweredError
from evalguard.engines.limits import LIMIT_NAMES, limit_of
from evalguard.errors import EngineError
from tests.engines import questions

Write = Callable[[str, random.Random], str]
"""What a model says to a prompt; each word of it is a token."""


def story(prompt: str, draw: random.Random) -> str:
    return " ".join(draw.choice(("sea", "keeper", "ship", "lamp")) for _ in range(300)) + "."


def sentence(prompt: str, draw: random.Random) -> str:
    """An answer of one form that has no point, and is as long whatever is asked."""
    return f"the two numbers that you gave me here add up to {draw.randrange(99)}"


def label(prompt: str, draw: random.Random) -> str:
    return f"category: {draw.choice(('billing', 'shipping', 'returns'))}"


def even(prompt: str, draw: random.Random) -> str:
    return f"the ship {draw.randrange(999)} came in at noon and left again by the evening."


class Server:
    """Answers greedily by the prompt alone, and in drawn answers at greater length."""

    def __init__(
        self, write: Write, *, cap: int | None = None, counts: bool = True, varies: bool = True
    ) -> None:
        self.write, self.cap, self.counts, self.varies = write, cap, counts, varies
        self.asked = 0
        self.default = 256

    def __call__(self, _model, requests):
        return [self.one(request) for request in requests]

    def one(self, request) -> Written:
        self.asked += 1
        prompt, settings = request.args
        drawn = settings.get("do_sample", False)
        draw = random.Random(f"{prompt} {settings.get('seed') if drawn else ''}")
        words = self.write(prompt, draw).split()
        if drawn and self.varies:
            words += ["and"] * draw.randrange(6)
        limit = limit_of(request, self.default)
        most = min(limit, self.cap or limit)
        kept = words[:most]
        full = len(words) > limit <= most
        return Written(" ".join(kept), len(kept) if self.counts else None, limit, full)


def run(server: Server, limit: int = 256, number: int = 40, looks: bool = True) -> tuple[int, str]:
    """Return how many answers of a run do not count, and why none may pass."""
    ceilings = Ceilings(server)
    requests = [
        questions.generation(f"What of ship {place}?", max_gen_toks=limit)
        for place in range(number)
    ]
    if looks:
        ceilings.look("m", requests)
    cut = 0
    for one in requests:
        try:
            ceilings.note("m", one, server.one(one))
        except UnansweredError:
            cut += 1
    ceilings.look_back("m")
    doubt = ceilings.doubt("m", requests[0])
    return cut, doubt.text if doubt else ""


@pytest.mark.parametrize(
    ("cap", "counts"), [(8, True), (16, True), (128, True), (200, True), (16, False), (128, False)]
)
def test_a_limit_of_the_servers_own_is_seen_before_the_run(cap, counts):
    assert run(Server(story, cap=cap, counts=counts)) == (40, "")


@pytest.mark.parametrize("write", [story, sentence, label, even])
@pytest.mark.parametrize("counts", [True, False])
def test_a_server_without_one_is_believed(write, counts):
    """But for answers of one form that nobody counts: nothing tells them from those cut."""
    expected = 40 if write is sentence and not counts else 0
    assert run(Server(write, counts=counts)) == (expected, "")


def test_the_limit_that_was_asked_for_is_none_of_the_servers():
    assert run(Server(story), limit=16) == (0, "")
    assert run(Server(story, cap=16), limit=16) == (0, "")
    assert run(Server(story, cap=64), limit=16) == (0, "")


def test_a_limit_that_only_the_answers_of_a_run_reach_is_seen_afterwards():
    """What is asked beforehand is answered in a word."""

    def seldom(prompt: str, draw: random.Random) -> str:
        place = int(prompt.rsplit(maxsplit=1)[-1][:-1]) if prompt.startswith("What of ship") else 0
        return story(prompt, draw) if place % 8 == 3 else "yes"

    cut, why = run(Server(seldom, cap=128))
    assert cut == 0
    assert "the server truncates answers at 128 tokens but reports them as complete" in why
    assert "'max_new_tokens' to at most 128" in why
    assert run(Server(seldom)) == (0, "")


def test_answers_of_one_form_that_never_vary_are_doubted():
    """Nothing tells them from answers that are cut; a limit of that length is the way out."""
    cut, _ = run(Server(sentence, varies=False))
    assert cut == 40
    assert run(Server(sentence, varies=False), limit=12) == (0, "")


def test_answers_that_are_drawn_longer_show_that_there_is_no_limit():
    server = Server(sentence)
    assert run(server) == (0, "")
    assert run(replace_draws(server, "nothing")) == (40, "")


def replace_draws(server: Server, says: str) -> Server:
    """Refuse draws, as servers do that know no temperature."""

    class Refuses(Server):
        def __call__(self, model, requests):
            drawn = [one.args[1].get("do_sample") for one in requests]
            found = super().__call__(model, requests)
            return [None if no else one for no, one in zip(drawn, found, strict=True)]

    return Refuses(server.write)


def test_what_is_asked_to_know_the_server_is_no_answer_of_the_run():
    """Its answers may all have one form, as those to the fixed prompts that tell models apart."""
    server = Server(sentence, varies=False)
    ceilings = Ceilings(server)
    run_of = [questions.generation(f"q {place}", max_gen_toks=64) for place in range(2)]
    ceilings.look("m", run_of)
    for place in range(40):
        one = generation(f"harmless {place}", tokens=24)
        ceilings.note("m", one, server.one(one))
    ceilings.look_back("m")
    assert ceilings.doubt("m", run_of[0]) is None


def test_what_drawn_answers_have_settled_is_not_asked_again():
    server = Server(sentence)
    ceilings = Ceilings(server)
    for start in (0, 40, 80):
        run_of = [
            questions.generation(f"q {place}", max_gen_toks=64)
            for place in range(start, start + 40)
        ]
        ceilings.look("m", run_of)
        for one in run_of:
            ceilings.note("m", one, server.one(one))
        ceilings.look_back("m")
        assert ceilings.doubt("m", run_of[0]) is None
    assert server.asked == 3 * 40 + 8 + 8  # long answers, and those that are drawn, once


def test_few_requests_and_short_answers_cost_nothing():
    server = Server(story, cap=16)
    run(server, limit=8)
    assert server.asked == 40
    few = Server(story, cap=16)
    run(few, number=2)
    assert few.asked == 2


def test_a_model_is_asked_once_for_each_longer_limit():
    server = Server(story)
    ceilings = Ceilings(server)
    requests = [questions.generation(f"q {place}", max_gen_toks=32) for place in range(9)]
    for _ in range(3):
        ceilings.look("m", requests)
    assert server.asked == 8
    ceilings.look("m", [questions.generation(f"q {k}", max_gen_toks=64) for k in range(9)])
    assert server.asked == 16


def test_a_model_of_the_same_server_may_have_no_limit():
    """Gateways have one for each model."""
    capped, whole = Server(story, cap=16), Server(story)
    ceilings = Ceilings(lambda model, asked: (capped if model == "v2" else whole)(model, asked))
    requests = [questions.generation(f"q {place}", max_gen_toks=64) for place in range(9)]
    for model in ("base", "v2"):
        ceilings.look(model, requests)
    ceilings.note("base", requests[0], whole.one(requests[0]))
    with pytest.raises(
        UnansweredError,
        match=r"truncated this answer at 16 tokens \(64 requested\).* Raise the server's",
    ):
        ceilings.note("v2", requests[0], capped.one(requests[0]))
    short = Written("It is 4.", 4, 64, used_up=False)
    ceilings.note("v2", requests[0], short)


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("東京は日本の首都で", True),
        ("東京は日本の首都です。", False),
        ("- bread\n- milk", True),
        ('{"label": "a"}', False),
        ("SELECT name FROM", True),
        ("x = (1 +", False),
        ("दिल का", True),
        ("Done 👍", False),
        ("```\ncode\n```", False),
        ("", False),
    ],
)
def test_what_breaks_off_ends_in_a_word_or_a_comma(text, broken):
    assert breaks_off(text) is broken


def limited(prompt: str, **settings):
    """A request whose limit is what the settings say, if anything."""
    one = questions.generation(prompt, **settings)
    kept = {
        name: value for name, value in one.args[1].items() if name in settings or name == "until"
    }
    return replace(one, arguments=(prompt, kept))


@pytest.mark.parametrize(
    "settings",
    [
        *({name: 64} for name in LIMIT_NAMES),
        {},
        {"temperature": 0.7, "do_sample": True},
        {"temperature": 0.7, "do_sample": True, "max_new_tokens": 64},
    ],
)
def test_a_limit_is_seen_under_every_name_by_default_and_of_drawn_answers(settings):
    server = Server(story, cap=16)
    ceilings = Ceilings(server, 2048)
    server.default = 2048
    requests = [limited(f"q {place}", **settings) for place in range(9)]
    ceilings.look("m", requests)
    limit = next((settings[name] for name in LIMIT_NAMES if name in settings), 2048)
    with pytest.raises(UnansweredError, match=rf"at 16 tokens \({limit} requested\)"):
        ceilings.note("m", requests[0], server.one(requests[0]))


def seldom(prompt: str, draw: random.Random) -> str:
    """A long answer to few requests, of which none is sent in advance."""
    return story(prompt, draw) if prompt.endswith(("3?", "7?")) else "yes"


@pytest.mark.parametrize(
    "settings", [{}, {"max_new_tokens": 256}, {"temperature": 0.7, "do_sample": True}]
)
def test_a_limit_that_is_seen_afterwards_is_doubt_of_every_longer_request(settings):
    server = Server(seldom, cap=128)
    ceilings = Ceilings(server)
    requests = [limited(f"q {place}?", **settings) for place in range(40)]
    ceilings.look("m", requests)
    for one in requests:
        ceilings.note("m", one, server.one(one))
    doubt = ceilings.doubt("m", requests[0])  # a run that was interrupted is looked back on
    assert doubt is not None
    assert "truncates answers at 128 tokens" in doubt.text
    drawn = limited("q", temperature=1.0, do_sample=True, max_gen_toks=200)
    assert ceilings.doubt("m", drawn) is not None
    assert ceilings.doubt("m", limited("q", max_gen_toks=100)) is None


def test_what_cannot_be_looked_back_on_is_doubted():
    server, gone = Server(seldom, cap=128), False

    def ask(model, asked):
        if gone:
            raise EngineError("gone")
        return server(model, asked)

    ceilings = Ceilings(ask)
    requests = [limited(f"q {place}?") for place in range(40)]
    ceilings.look("m", requests)
    gone = True
    for one in requests:
        ceilings.note("m", one, server.one(one))
    for _ in range(2):
        doubt = ceilings.doubt("m", requests[0])
        assert doubt is not None
        assert "gone" in doubt.text
