"""Draws depend on a request's seed alone, and follow the model's distribution."""

from collections import Counter

import pytest
import torch
from scipy.stats import chisquare
from transformers import AutoTokenizer

from evalguard.engines.base import BASE, EngineSettings
from evalguard.engines.hf import HFEngine
from evalguard.engines.hf_model import SwitchableHFLM
from tests.engines import questions

PROMPTS = ("the capital of france is", "yes or no: is 12 greater than 7? ", "question: 3 + 4?")


@pytest.fixture(scope="module")
def engine(base):
    opened = HFEngine(EngineSettings(model=str(base), dtype="float32", batch_size=8))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def tokenizer(base):
    return AutoTokenizer.from_pretrained(base)


def drawn(prompt, seed, **settings):
    sampling = {"do_sample": True, "temperature": 6.0, "until": [], "max_gen_toks": 8}
    return questions.generation(prompt, **(sampling | {"seed": seed} | settings))


def test_a_draw_depends_neither_on_its_batch_nor_on_the_order(engine):
    asked = [drawn(prompt, seed) for prompt in PROMPTS for seed in range(5)]
    together = engine.respond([(BASE, one) for one in asked])
    backwards = engine.respond([(BASE, one) for one in reversed(asked)])[::-1]
    alone = [engine.respond([(BASE, one)])[0] for one in asked]
    assert together == backwards == alone
    assert len(set(together)) > 10


def test_samples_of_a_prompt_read_it_once_and_are_drawn_as_alone(engine, monkeypatch):
    shapes = []
    read = SwitchableHFLM._read_rows

    def spy(self, tokens, mask):
        shapes.append(tuple(tokens.shape))
        return read(self, tokens, mask)

    monkeypatch.setattr(SwitchableHFLM, "_read_rows", spy)
    asked = [drawn(prompt, seed) for prompt in (PROMPTS[0], PROMPTS[0] * 3) for seed in range(4)]
    found = engine.respond([(BASE, one) for one in asked])  # one batch, of rows padded on the left
    assert [rows for rows, _ in shapes] == [2]
    assert found == [engine.respond([(BASE, one)])[0] for one in asked]
    monkeypatch.setattr(SwitchableHFLM, "_sharing_is_exact", lambda self: False)
    assert found == engine.respond([(BASE, one) for one in asked])
    assert len(shapes) == 1


def test_sampled_and_greedy_requests_of_one_call_keep_their_places(engine):
    greedy = questions.generation(PROMPTS[0], until=[], max_gen_toks=8)
    [expected] = engine.respond([(BASE, greedy)])
    sampled = [drawn(PROMPTS[0], seed) for seed in (1, 2)]
    found = engine.respond([(BASE, sampled[0]), (BASE, greedy), (BASE, sampled[1])])
    assert found[1] == expected
    assert [found[0], found[2]] == engine.respond([(BASE, one) for one in sampled])


def test_requests_without_a_seed_differ_and_can_be_repeated(engine):
    bare = questions.generation(PROMPTS[0], until=[], max_gen_toks=8, do_sample=True, temperature=6)
    first = engine.respond([(BASE, bare)] * 4)
    assert len(set(first)) > 1
    assert engine.respond([(BASE, bare)] * 4) == first


def test_first_tokens_follow_the_models_distribution(engine, tokenizer):
    """Chi-square over 600 draws at temperature 0.7; p < 1e-3 is a defect, not bad luck."""
    draws = engine.respond(
        [(BASE, drawn(PROMPTS[0], s, max_gen_toks=1, temperature=0.7)) for s in range(600)]
    )
    log_probabilities = torch.tensor(engine.log_probabilities(BASE, PROMPTS[0], "")[0])
    expected = torch.softmax(log_probabilities / 0.7, dim=-1)
    counts = Counter(draws)
    likely = expected.argsort(descending=True)[:6].tolist()
    texts = [tokenizer.decode([token]) for token in likely]
    observed = [counts[text] for text in texts]
    shares = [float(expected[token]) for token in likely]
    observed.append(len(draws) - sum(observed))
    shares.append(1 - sum(shares))
    assert chisquare(observed, [share * len(draws) for share in shares]).pvalue > 1e-3


def test_a_low_temperature_is_nearly_greedy(engine):
    greedy = questions.generation(PROMPTS[0], until=[], max_gen_toks=8)
    cold = [drawn(PROMPTS[0], seed, temperature=1e-3) for seed in range(4)]
    found = engine.respond([(BASE, one) for one in [greedy, *cold]])
    assert len(set(found)) == 1


def test_log_probabilities_cover_every_token_and_the_end(engine, tokenizer):
    text = " paris is"
    found = engine.log_probabilities(BASE, PROMPTS[0], text)
    tokens = tokenizer.encode(PROMPTS[0] + text)[len(tokenizer.encode(PROMPTS[0])) :]
    assert found.shape == (len(tokens) + 1, len(tokenizer))
    [(likelihood, _)] = engine.respond([(BASE, questions.choice(PROMPTS[0], text))])
    own = sum(found[place, token] for place, token in enumerate(tokens))
    assert own == pytest.approx(likelihood, abs=1e-4)
    assert engine.log_probabilities(BASE, PROMPTS[0], "").shape == (1, len(tokenizer))
