import socket
from pathlib import Path

import pytest
from huggingface_hub import constants

from evalguard.errors import ConfigError
from evalguard.hub import check_hub
from evalguard.tasks.benchmark.loading import load_benchmark


@pytest.fixture
def hub(monkeypatch):
    """Put a hub at an address of this machine that nobody listens on yet."""
    check_hub.cache_clear()
    monkeypatch.setattr("evalguard.hub.getproxies", dict)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")
        yield server
    check_hub.cache_clear()


def test_a_hub_out_of_reach_is_offline(hub):
    assert not check_hub()
    assert constants.is_offline_mode()


def test_a_hub_that_listens_is_asked(hub):
    hub.listen()
    assert check_hub()
    assert not constants.is_offline_mode()


@pytest.mark.parametrize("scheme", ["http", "all"])
def test_behind_a_proxy_nothing_is_tried(hub, monkeypatch, scheme):
    monkeypatch.setattr("evalguard.hub.getproxies", lambda: {scheme: "http://proxy:3128"})
    assert check_hub()
    assert not constants.is_offline_mode()


def test_a_switch_that_the_user_set_is_kept(hub, monkeypatch):
    hub.listen()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert not check_hub()


def test_data_out_of_reach_are_an_error_that_says_what_to_do(hub, monkeypatch):
    import datasets.config

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    with pytest.raises(ConfigError, match="Hub, which cannot be reached; copy lm-eval's task file"):
        load_benchmark("general", "hellaswag", base_dir=Path(), source="s.yaml", key="tasks[0]")
    assert datasets.config.HF_HUB_OFFLINE
