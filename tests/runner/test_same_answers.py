"""A candidate that writes what the baseline writes is reported (S4)."""

from dataclasses import replace

import pytest

from evalguard.engines.base import Doubt
from evalguard.gates.results import error_result
from evalguard.records import Gate, Margin, ScoredSample, Verdict
from evalguard.runner.same_answers import (
    FEWEST,
    doubtful,
    hold_back,
    hold_back_doubtful,
    same,
    same_candidates,
    warnings,
)

LONG = "The town that Ada came from is called {}, says her letter."


def samples(texts):
    return {
        str(place): ScoredSample(
            task="t", sample_id=str(place), prompt="", target="", outputs=(text,), scores={}
        )
        for place, text in enumerate(texts)
    }


def warned(base, candidate):
    return list(
        warnings(
            same({("s", "t", "v2"): samples(candidate), ("s", "t", "baseline"): samples(base)})
        )
    )


def test_answers_that_are_all_the_baselines_are_reported():
    texts = [LONG.format(place) for place in range(FEWEST)]
    (warning,) = warned(texts, texts)
    assert warning.startswith(
        f"v2: all {FEWEST} different answers of 8 words or more to the suite 's' are identical"
    )


def test_a_suite_is_reported_whatever_the_others_say():
    texts = [LONG.format(place) for place in range(FEWEST)]
    found = {
        ("long", "t", "v2"): samples(texts),
        ("long", "t", "baseline"): samples(texts),
        ("short", "t", "v2"): samples([f"{text} So it is." for text in texts]),
        ("short", "t", "baseline"): samples(texts),
    }
    (warning,) = warnings(same(found))
    assert "to the suite 'long'" in warning


def test_tasks_of_a_suite_count_together_and_suites_do_not():
    texts = [LONG.format(place) for place in range(FEWEST - 1)]
    more = [LONG.format(f"the {place}th house") for place in range(FEWEST - 1)]
    models = ("v2", "baseline")
    tasks = {"a": texts, "b": more}
    one_suite = {("s", task, model): samples(tasks[task]) for task in tasks for model in models}
    assert len(list(warnings(same(one_suite)))) == 1
    two_suites = {(suite, "t", model): samples(texts) for suite in "ab" for model in models}
    assert list(warnings(same(two_suites))) == []


def test_one_other_answer_is_enough():
    texts = [LONG.format(place) for place in range(FEWEST)]
    assert warned(texts, [*texts[:-1], "another"]) == []


def test_short_and_few_answers_say_nothing():
    assert warned(["billing"] * 200, ["billing"] * 200) == []
    few = [LONG.format(place) for place in range(FEWEST - 1)]
    assert warned(few, few) == []


def test_what_was_not_measured_is_no_answer():
    texts = [LONG.format(place) for place in range(FEWEST)]
    lost = samples(texts)
    lost["0"] = ScoredSample(
        task="t", sample_id="0", prompt="", target="", outputs=(), scores={}, error="timed out"
    )
    assert same({("s", "t", "baseline"): samples(texts), ("s", "t", "v2"): lost}) == {}


def test_one_refusal_of_everything_says_nothing():
    refusals = ["I am sorry, but I can not help you with that."] * 200
    assert warned(refusals, refusals) == []


class TestCandidates:
    def test_two_candidates_that_write_the_same_are_found(self):
        texts = [LONG.format(place) for place in range(FEWEST)]
        arms = {("s", "t", model): samples(texts) for model in ("v2", "v3")}
        arms["s", "t", "baseline"] = samples([f"{text} So it is." for text in texts])
        assert same_candidates(arms) == {"v2": ("v3", FEWEST), "v3": ("v2", FEWEST)}

    def test_one_other_answer_of_any_length_is_enough(self):
        texts = [LONG.format(place) for place in range(FEWEST)]
        arms = {
            ("s", "t", "v2"): samples([*texts, "yes"]),
            ("s", "t", "v3"): samples([*texts, "no"]),
        }
        assert same_candidates(arms) == {}

    def test_few_or_short_answers_say_nothing(self):
        for texts in ([LONG.format(place) for place in range(FEWEST - 1)], ["yes"] * 100):
            arms = {("s", "t", model): samples(texts) for model in ("v2", "v3")}
            assert same_candidates(arms) == {}

    def test_the_third_is_left_alone(self):
        texts = [LONG.format(place) for place in range(FEWEST)]
        arms = {("s", "t", model): samples(texts) for model in ("v2", "v3")}
        arms["s", "t", "v4"] = samples([*texts[1:], "another"])
        assert set(same_candidates(arms)) == {"v2", "v3"}


class TestDoubtful:
    """Class S4: who answered cannot be proven."""

    KEY = ("s", "t", "v2")
    SHORT = tuple(str(place) for place in range(60))

    def found(self, candidate, *, of_identity=True, varied=0, repeated=60, old=(), before=()):
        measured = {self.KEY: samples(candidate), ("s", "t", "baseline"): samples(self.SHORT)}
        doubt = Doubt("who knows", of_identity, varied=varied, repeated=repeated, level=1e-3)
        return doubtful(measured, {self.KEY: doubt}, dict.fromkeys(old, before))

    def test_answers_that_are_the_baselines_stay_doubtful(self):
        assert self.found(self.SHORT) == {("s", "v2"): "v2: s/t: who knows"}

    def test_a_few_others_are_noise_and_many_are_another_model(self):
        changed = [f"{text}!" if place < 4 else text for place, text in enumerate(self.SHORT)]
        assert self.found(changed)
        changed = [f"{text}!" if place < 12 else text for place, text in enumerate(self.SHORT)]
        assert not self.found(changed)
        assert self.found(changed, of_identity=False)

    @pytest.mark.parametrize("arm", ["v2", "baseline"])
    def test_answers_of_another_run_settle_nothing(self, arm):
        """The server may have served the candidate then, or another base."""
        changed = [f"{text}!" if place < 20 else text for place, text in enumerate(self.SHORT)]
        old = [("s", "t", arm)]
        assert not self.found(changed)
        assert self.found(changed, old=old, before=[str(place) for place in range(20)])
        assert self.found(changed, old=old, before=[str(place) for place in range(60)])
        assert not self.found(changed, old=old, before=[str(place) for place in range(40, 60)])

    @pytest.mark.parametrize(("varied", "repeated"), [(6, 60), (0, 20), (0, 0)])
    def test_a_base_that_varies_or_was_not_asked_again_settles_nothing(self, varied, repeated):
        """A fallback on a noisy server: 20 % of the base's own answers change."""
        changed = [f"{text}!" if place < 12 else text for place, text in enumerate(self.SHORT)]
        assert self.found(changed, varied=varied, repeated=repeated)

    def test_answers_drawn_several_times_settle_nothing(self):
        drawn = {k: replace(one, outputs=("a", "b")) for k, one in samples(self.SHORT).items()}
        measured = {self.KEY: drawn, ("s", "t", "baseline"): samples(self.SHORT)}
        doubt = Doubt("who knows", is_of_identity=True, repeated=60, level=1e-3)
        assert doubtful(measured, {self.KEY: doubt}, {})

    def test_none_in_common_stay_doubtful(self):
        assert self.found(())

    @pytest.mark.parametrize(
        ("verdict", "model", "held"),
        [("PASS", "v2", True), ("FAIL", "v2", False), ("PASS", "v3", False)],
    )
    def test_only_a_pass_is_held_back(self, verdict, model, held):
        gate = Gate(name="g", suite="s", metric="m", max_drop=Margin(0.01, "pp"))
        result = replace(error_result(gate, model, "-"), verdict=Verdict(verdict))
        kept = hold_back_doubtful(result, {("s", "v2"): "who knows"})
        assert (kept.verdict is Verdict.INCONCLUSIVE) is held
        assert ("who knows" in kept.reason) is held

    def test_doubts_about_any_suite_of_a_pooled_gate_hold_it_back(self):
        gate = Gate(name="g", suite="pooled", metric="mean_score", max_drop=Margin(0.01, "pp"))
        result = replace(error_result(gate, "v2", "-"), verdict=Verdict.PASS)
        kept = hold_back_doubtful(result, {("t", "v2"): "who knows"}, ["s", "t"])
        assert kept.verdict is Verdict.INCONCLUSIVE
        kept = hold_back(result, {("t", "v2"): 40}, ["s", "t"])
        assert kept.verdict is Verdict.INCONCLUSIVE
        assert "'t'" in kept.reason

    def test_doubts_of_the_baseline_hold_back_every_candidate(self):
        gate = Gate(name="g", suite="s", metric="m", max_drop=Margin(0.01, "pp"))
        result = replace(error_result(gate, "v3", "-"), verdict=Verdict.PASS)
        kept = hold_back_doubtful(result, {("s", "baseline"): "cut"})
        assert kept.verdict is Verdict.INCONCLUSIVE
