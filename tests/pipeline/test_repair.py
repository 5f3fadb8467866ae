"""From what was tried and found to the next training config."""

import math
from typing import Any

import pytest

from evalguard.pipeline.repair import MOST_REPLAY, Tried, next_config
from evalguard.records import Finding, Severity

CONFIG: dict[str, Any] = {
    "method": "sft",
    "lora": {"r": 16, "alpha": 32},
    "training": {"learning_rate": 1e-3, "epochs": 4},
}


def finding(code, **changes):
    return Finding(
        code=code,
        title=code.replace("_", " "),
        model="v2",
        severity=Severity.SEVERE,
        explanation="",
        evidence=(),
        cause="",
        repair="",
        config_changes={key.replace("__", "."): value for key, value in changes.items()},
    )


def tried(*findings, rate=1e-3, share=None, **settings):
    config = {**CONFIG, "training": {**CONFIG["training"], "learning_rate": rate}}
    if share is not None:
        config["replay"] = {"data": "general.jsonl", "share": share}
    return Tried(config, tuple(findings), **settings)


def repaired(*attempts, **options):
    """Return the repair, which must be one."""
    repair = next_config(attempts, **options)
    assert repair.config is not None
    return repair.config, repair


def test_what_the_diagnosis_proposes_is_done():
    forgot = finding("catastrophic_forgetting", training__learning_rate=2e-4, replay__share=0.2)
    config, _ = repaired(tried(forgot), replay_data="general.jsonl")
    assert config["training"]["learning_rate"] == 2e-4
    assert config["replay"] == {"data": "general.jsonl", "share": 0.2}
    assert CONFIG["training"]["learning_rate"] == 1e-3  # the attempt's own stays as it was


def test_replay_without_general_data_is_left_out_and_said():
    forgot = finding("catastrophic_forgetting", training__learning_rate=2e-4, replay__share=0.2)
    config, repair = repaired(tried(forgot))
    assert "replay" not in config
    assert any("--replay-data" in note for note in repair.notes)


def test_more_replay_goes_before_less_training():
    repair = next_config([tried(finding("format_corruption"), share=0.2)])
    assert repair.changes == {"replay.share": 0.4}
    repair = next_config([tried(finding("format_corruption"), share=0.6)])
    assert repair.changes == {"replay.share": MOST_REPLAY}


def test_where_no_more_replay_is_to_be_had_training_gets_gentler():
    config, repair = repaired(tried(finding("format_corruption"), share=MOST_REPLAY))
    assert repair.changes["training.learning_rate"] == 5e-4
    assert repair.changes["training.epochs"] == 2
    assert config["lora"] == {"r": 8, "alpha": 16}


def test_a_rate_lies_between_too_weak_and_too_strong():
    strong = tried(finding("safety_loss"), rate=1e-3)
    weak = tried(finding("task_not_learned", training__learning_rate=2e-3), rate=1e-4)
    config, _ = repaired(strong, weak)
    rate = config["training"]["learning_rate"]
    assert rate == pytest.approx(math.sqrt(1e-3 * 1e-4), rel=0.05)


def test_a_run_that_diverged_gets_a_tenth_of_the_rate():
    repair = next_config([tried(diverged=True)])
    assert repair.changes == {"training.learning_rate": 1e-4}


def test_nothing_found_changes_nothing():
    assert next_config([tried()]).config is None


def test_explained_findings_ask_for_nothing():
    from dataclasses import replace

    lost = replace(finding("safety_loss", training__epochs=1), explained_by="forgetting")
    forgot = finding("catastrophic_forgetting", training__learning_rate=2e-4)
    assert next_config([tried(forgot, lost)]).changes == {"training.learning_rate": 2e-4}


def test_a_config_is_never_tried_twice():
    same = finding("catastrophic_forgetting", training__learning_rate=1e-3)
    repair = next_config([tried(same, share=MOST_REPLAY)], most_replay=MOST_REPLAY)
    assert repair.config != tried(share=MOST_REPLAY).config
