"""What sequences share is read once on transformers, and no value changes by it."""

import random
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from transformers import AutoConfig, AutoModelForCausalLM

from evalguard.engines import hf_scoring
from evalguard.engines.base import BASE, EngineSettings
from evalguard.engines.hf import HFEngine
from evalguard.engines.hf_model import SwitchableHFLM, constructor_arguments
from evalguard.engines.hf_scoring import CALL_TOKENS, WORTH, Columns, Group, Trunk, plan
from evalguard.errors import EngineError
from evalguard.quiet import quiet
from tests.engines import questions

HEADER = " ".join([questions.EXTRACTION] * 6)


def requests() -> list[Instance]:
    """Several questions after one header, each with choices of one token and of several."""
    contexts = [HEADER + context for context in (*questions.CONTEXTS, questions.FACT * 2)]
    return [questions.choice(c, text) for c in contexts for text in questions.CHOICES]


def settings_of(base: Path, **options: Any) -> EngineSettings:
    return EngineSettings(model=str(base), dtype="float32", **options)


def lm_evals(settings: EngineSettings, adapter: Path | None = None) -> HFLM:
    """The same model, loaded by lm-eval's own class."""
    options = {} if adapter is None else {"peft": str(adapter)}
    with quiet():
        return HFLM(**constructor_arguments(settings), **options)


def lm_eval_values(lm: HFLM, asked: list[Instance]) -> list[tuple[float, bool]]:
    with quiet():
        values: list[tuple[float, bool]] = lm.loglikelihood(asked, disable_tqdm=True)
    return values


def assert_equal(found, expected) -> None:
    assert [greedy for _, greedy in found] == [greedy for _, greedy in expected]
    values = [value for value, _ in found]
    assert values == pytest.approx([value for value, _ in expected], abs=1e-3)


@pytest.fixture(scope="module", params=["sdpa", "eager"])
def settings(request, base):
    return settings_of(base, options={"attn_implementation": request.param})


@pytest.fixture(scope="module")
def engine(settings, adapter_a, adapter_b):
    opened = HFEngine(settings)
    opened.load_adapter("a", str(adapter_a))
    opened.load_adapter("b", str(adapter_b))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def lm_eval(settings, adapter_a, adapter_b):
    """The models of the engine by lm-eval's own class."""
    adapters = {BASE: None, "a": adapter_a, "b": adapter_b}
    return {name: lm_evals(settings, adapter) for name, adapter in adapters.items()}


@pytest.fixture
def read(monkeypatch):
    """The number of tokens of every pass."""
    passes = []
    forward = SwitchableHFLM._forward

    def spy(self, tokens, **options):
        passes.append(len(tokens))
        return forward(self, tokens, **options)

    monkeypatch.setattr(SwitchableHFLM, "_forward", spy)
    return passes


@pytest.mark.parametrize("model", [BASE, "a", "b"])
def test_values_are_lm_evals(engine, lm_eval, read, model):
    asked = requests()
    assert_equal(
        engine.respond([(model, request) for request in asked]),
        lm_eval_values(lm_eval[model], asked),
    )
    assert read


def test_values_do_not_depend_on_the_order(engine, read):
    asked = requests()
    before = engine.respond([("a", request) for request in asked])
    order = random.Random(0).sample(range(len(asked)), len(asked))
    after = engine.respond([("a", asked[index]) for index in order])
    assert_equal(after, [before[index] for index in order])
    assert read


def test_no_token_is_read_twice(engine, lm_eval, read):
    asked = requests()
    engine.respond([(BASE, asked[0])])  # tries whether sharing is exact
    read.clear()
    engine.respond([(BASE, request) for request in asked])
    tokens = [lm_eval[BASE]._encode_pair(*request.arguments) for request in asked]
    unique = {tuple((c + t)[:stop]) for c, t in tokens for stop in range(1, len(c + t))}
    shared_start_of_a_choice = 2 * len(questions.CONTEXTS)  # a slack of a few tokens
    assert len(unique) <= sum(read) <= len(unique) + len(asked) + shared_start_of_a_choice


def test_what_shares_too_little_is_left_to_lm_eval(engine, lm_eval, read):
    asked = [questions.choice(context, " x") for context in questions.CONTEXTS]
    engine.respond([(BASE, asked[0])])
    read.clear()
    found = engine.respond([(BASE, request) for request in asked])
    assert not read
    assert_equal(found, lm_eval_values(lm_eval[BASE], asked))


def test_what_does_not_fit_is_cut_as_lm_eval_cuts_it(engine, lm_eval, read):
    long = questions.FACT * 60
    asked = [*requests(), *(questions.choice(long, text) for text in questions.CHOICES)]
    found = engine.respond([(BASE, request) for request in asked])
    assert_equal(found, lm_eval_values(lm_eval[BASE], asked))
    assert read


def test_a_model_that_pays_the_mask_no_heed_is_scored_by_lm_eval(base, monkeypatch):
    settings = settings_of(base)
    engine = HFEngine(settings)
    forward = SwitchableHFLM._forward
    passes = []

    def deaf(self, tokens, *, mask=None, **options):
        passes.append(mask)
        return forward(self, tokens, mask=None, **options)

    monkeypatch.setattr(SwitchableHFLM, "_forward", deaf)
    asked = requests()
    assert_equal(
        engine.respond([(BASE, request) for request in asked]),
        lm_eval_values(lm_evals(settings), asked),
    )
    tried = len(passes)
    engine.respond([(BASE, request) for request in asked])
    assert len(passes) == tried > 0
    engine.close()


def test_what_lm_eval_refuses_is_refused(engine, lm_eval):
    """A choice that the tokenizer merges into its context must not score as certain."""
    merged = next(
        (context, choice)
        for context in (HEADER + "The answer i", HEADER + " ans", HEADER + "answ")
        for choice in ("s", "t", "wer", "er", "n")
        if not lm_eval[BASE]._encode_pair(context, choice)[1]
    )
    asked = [questions.choice(merged[0], text) for text in (merged[1], " x y", " brown")]
    with pytest.raises(EngineError):
        engine.respond([(BASE, request) for request in asked])
    with pytest.raises(EngineError):
        engine.respond([(BASE, questions.choice(" ", text)) for text in ("a", "b c")])


def test_a_model_whose_code_breaks_without_a_mask_is_scored_by_lm_eval(base, monkeypatch):
    settings = settings_of(base)
    engine = HFEngine(settings)
    calls = []

    def broken(self, *args, **options):
        calls.append(1)
        raise AttributeError("no such thing")

    monkeypatch.setattr(SwitchableHFLM, "_forward", broken)
    asked = requests()
    for _ in range(2):
        found = engine.respond([(BASE, request) for request in asked])
        assert_equal(found, lm_eval_values(lm_evals(settings), asked))
    assert len(calls) == 1
    engine.close()


def test_where_memory_is_short_lm_eval_scores(engine, lm_eval, monkeypatch):
    asked = requests()
    engine.respond([(BASE, asked[0])])

    def full(self, *args, **options):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(SwitchableHFLM, "_forward", full)
    found = engine.respond([(BASE, request) for request in asked])
    assert_equal(found, lm_eval_values(lm_eval[BASE], asked))


@pytest.mark.parametrize(("quantization", "shares"), [("nf4", True), ("int8", False)])
def test_a_base_whose_rounding_depends_on_the_batch_is_scored_by_lm_eval(
    base, quantization, shares, read, monkeypatch
):
    """8-bit weights split off outliers by all rows of a batch."""
    settings = settings_of(base, quantization=quantization)
    engine = HFEngine(settings)
    asked = requests()
    engine.respond([(BASE, asked[0])])
    read.clear()
    found = engine.respond([(BASE, request) for request in asked])
    assert bool(read) is shares
    engine.close()
    # Without our shortcut, lm-eval's class runs its own code on the quantised base.
    monkeypatch.delattr(SwitchableHFLM, "_loglikelihood_tokens")
    with quiet():
        lm = SwitchableHFLM(**constructor_arguments(settings))
    assert_equal(found, lm_eval_values(lm, asked))


FAMILIES = {
    "llama": True,
    "qwen2": True,
    "qwen3": True,
    "gpt2": True,
    "gpt_neox": True,
    "phi": True,
    "opt": True,
    "gemma": True,
    "mistral": False,  # its window slides
    "gemma2": False,
    "mamba": False,  # recurrent
}


@pytest.mark.parametrize(("family", "shares"), FAMILIES.items())
def test_values_of_other_families_are_lm_evals(base, tmp_path, family, shares, read):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        family,
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=1024,
        **({"sliding_window": 16} if family in {"mistral", "gemma2"} else {}),
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
        initializer_range=0.3,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    settings = settings_of(tmp_path, max_length=1024)
    engine = HFEngine(settings)
    asked = requests()
    found = engine.respond([(BASE, request) for request in asked])
    assert bool(read) is shares
    assert_equal(found, lm_eval_values(lm_evals(settings), asked))
    engine.close()


class TestPlan:
    @given(st.sets(st.tuples(*[st.integers(0, 1)] * 5), min_size=1, max_size=8))
    def test_the_division_reads_the_fewest_tokens(self, branches):
        """Against every division of the sorted contexts into runs."""
        trunks = sorted(tuple(token for token in path for _ in range(30)) for path in branches)
        with mock.patch.object(hf_scoring, "WORTH", 0):
            groups = plan([([*trunk, 9], [1]) for trunk in trunks])
        saved = sum(
            (len(group.trunks) - 1) * len(group.header) - CALL_TOKENS
            for group in groups
            if group.header
        )
        divisions = (
            (0, *cuts, len(trunks))
            for count in range(len(trunks))
            for cuts in combinations(range(1, len(trunks)), count)
        )
        assert saved == max(
            sum(
                max(0, (stop - start - 1) * common(trunks[start:stop]) - CALL_TOKENS)
                for start, stop in pairwise(division)
            )
            for division in divisions
        )

    @given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=40))
    def test_each_request_is_planned_at_most_once(self, shapes):
        asked = [([7] * 50 + [i] * 5 + [3], [c, 2, c]) for i, c in shapes]
        planned = [
            index
            for group in plan(asked)
            for trunk in group.trunks
            for indices in trunk.leaves.values()
            for index in indices
        ]
        assert len(planned) == len(set(planned))
        assert set(planned) <= set(range(len(asked)))

    def test_two_tasks_keep_their_own_headers(self):
        asked = [([task] * 300 + [item] * 20 + [5], [1]) for task in (1, 2) for item in range(8)]
        groups = plan(asked)
        assert sorted(len(group.trunks) for group in groups) == [8, 8]
        assert {group.header for group in groups} == {(1,) * 300, (2,) * 300}

    def test_a_long_context_is_a_header_for_its_choices(self):
        asked = [([*range(900)], [choice, 7, 8]) for choice in range(4)]
        (group,) = plan(asked)
        assert len(group.header) == 899
        assert group.trunks[0].tokens == ()

    def test_a_long_context_after_a_short_header_is_a_header_too(self):
        """One row with several of them would need a mask of gigabytes."""
        asked = [
            ([*range(60), *([item] * 5000), 9], [choice, 7, 8])
            for item in range(3)
            for choice in range(4)
        ]
        groups = [group for group in plan(asked) if len(group.header) > 60]
        assert [len(group.header) for group in groups] == [5060] * 3
        assert max(part.size for g in plan(asked) for pack in g.packs(512) for part in pack) < 100

    def test_nothing_is_planned_of_nothing(self):
        assert plan([]) == []


def common(trunks: list[tuple[int, ...]]) -> int:
    first, last = trunks[0], trunks[-1]  # they are sorted
    pairs = enumerate(zip(first, last, strict=True))
    return next((i for i, (a, b) in pairs if a != b), len(first))


def test_a_trunk_is_divided_where_its_leaves_have_no_room():
    trunk = Trunk(tuple(range(10)), {(n, n): [n] for n in range(30)})
    packs = list(Group((), [trunk]).packs(30))
    assert [len(pack[0].leaves) for pack in packs] == [10, 10, 10]
    assert all(part.size <= 30 for (part,) in packs)


def test_each_token_sees_the_header_its_trunk_and_its_own_leaf():
    pack = [Trunk((1, 2), {(3, 4): [0], (5,): [1]}), Trunk((), {(6,): [2]})]
    columns = Columns(pack, header=1)
    assert columns.tokens == [1, 2, 3, 4, 5, 6]
    assert columns.positions == [1, 2, 3, 4, 3, 1]
    assert columns.kept == [2, 3, 4, 5]
    assert columns.mask().astype(int).tolist() == [
        [1, 1, 0, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0, 0],
        [1, 1, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 1, 0, 0],
        [1, 1, 1, 0, 0, 1, 0],
        [1, 0, 0, 0, 0, 0, 1],
    ]


def test_sharing_pays_from_a_share_on():
    one = Trunk(tuple(range(10)), {(1, 2): [0]})
    assert not Group((), [one]).pays
    two = Trunk(tuple(range(10)), {(1, 2): [0], (3, 4): [1]})
    assert Group((), [two]).pays is (WORTH * 14 <= 24)
