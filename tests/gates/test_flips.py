"""The ledger: each step's losses and gains, and each item's history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalguard.errors import UsageError
from evalguard.gates.flips import flip_ledger
from tests.gates.build import samples


def run(name, scores):
    return name, {sample.sample_id: sample for sample in samples(scores)}


def test_a_loss_that_is_won_back_is_a_flip_but_no_regression():
    ledger = flip_ledger(
        [run("baseline", [1, 1]), run("v1", [0, 1]), run("v2", [1, 0])], metric="acc"
    )
    assert [(step.losses, step.gains) for step in ledger.steps] == [
        (("0",), ()),
        (("1",), ("0",)),
    ]
    assert [(item.sample_id, item.right, item.regressed) for item in ledger.items] == [
        ("1", (True, True, False), True),
        ("0", (True, False, True), False),
    ]


def test_what_was_not_measured_counts_in_no_step():
    ledger = flip_ledger([run("baseline", [1, None, 1]), run("v1", [None, 0, 0])], metric="acc")
    [step] = ledger.steps
    assert (step.n, step.losses, step.flip_rate) == (1, ("2",), 1.0)
    assert [item.right for item in ledger.items] == [(True, False)]


def test_a_step_without_common_questions_has_no_flips():
    ledger = flip_ledger([run("baseline", [1, None]), run("v1", [None, 0])], metric="acc")
    assert ledger.steps[0].flip_rate == 0.0
    assert ledger.items == ()


@pytest.mark.parametrize("scores", [[0.5], [2.0]])
def test_only_right_and_wrong_can_flip(scores):
    with pytest.raises(UsageError, match=r"run 'v1', sample '0': 'acc' is .* Its metrics: acc"):
        flip_ledger([run("baseline", [1]), run("v1", scores)], metric="acc")


def test_one_model_flips_nothing():
    with pytest.raises(UsageError, match="at least 2 runs, not 1"):
        flip_ledger([run("baseline", [1])], metric="acc")


@given(st.lists(st.tuples(st.sampled_from([0, 1]), st.sampled_from([0, 1])), min_size=1))
def test_losses_and_gains_account_for_the_difference_of_the_means(pairs):
    before, after = zip(*pairs, strict=True)
    forth = flip_ledger([run("a", before), run("b", after)], metric="acc").steps[0]
    back = flip_ledger([run("b", after), run("a", before)], metric="acc").steps[0]
    assert len(forth.gains) - len(forth.losses) == sum(after) - sum(before)
    assert (back.losses, back.gains) == (forth.gains, forth.losses)
