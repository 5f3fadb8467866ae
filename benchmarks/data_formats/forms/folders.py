"""Shards: folders, patterns, and what ``datasets`` saves."""

from __future__ import annotations

import json

from benchmarks.data_formats.files import arrow_stream, jsonl, parquet
from benchmarks.data_formats.forms.exchanges import CHATS, DATASETS, held_in
from benchmarks.data_formats.forms.registry import Made, form
from benchmarks.data_formats.meant import refused

SAVED = "Hugging Face datasets, save_to_disk"


@form("folders", DATASETS)
def pattern() -> Made:
    """Is two shards, named by a pattern, and one of test rows."""
    more = {
        "train-00001-of-00002.parquet": parquet(*CHATS[2:]),
        "test-00000-of-00001.parquet": parquet(*CHATS[:1]),
    }
    first = parquet(*CHATS[:2])
    data = {"train": "train-*.parquet"}
    return held_in("train-00000-of-00002.parquet", first, more=more, data=data)


@form("folders", DATASETS)
def folder_of_shards() -> Made:
    """Is a folder of two shards."""
    more = {"data/part-1.jsonl": jsonl(*CHATS[2:])}
    return held_in("data/part-0.jsonl", jsonl(*CHATS[:2]), more=more, data={"train": "data"})


@form("folders", DATASETS)
def folder_of_splits() -> Made:
    """Is a folder of training and test rows."""
    more = {"data/test.jsonl": jsonl(*CHATS[2:])}
    error = refused("split", "test.jsonl")
    content = jsonl(*CHATS[:2])
    return held_in("data/train.jsonl", content, error, more=more, data={"train": "data"})


@form("folders", SAVED)
def saved_to_disk() -> Made:
    """Is a saved data set of two shards."""
    shards = [f"data-{n:05}-of-00002.arrow" for n in range(2)]
    state = {"_data_files": [{"filename": name} for name in shards]}
    more = {
        f"set/{shards[1]}": arrow_stream(*CHATS[2:]),
        "set/state.json": json.dumps(state).encode(),
        "set/dataset_info.json": b"{}",
    }
    content = arrow_stream(*CHATS[:2])
    return held_in(f"set/{shards[0]}", content, more=more, data={"train": "set"})


@form("folders", SAVED)
def saved_splits() -> Made:
    """Is a saved data set of two splits, of which none is named."""
    more = {"set/dataset_dict.json": b'{"splits": ["train", "test"]}'}
    error = refused("train", "test")
    content = arrow_stream(*CHATS)
    return held_in("set/train/data.arrow", content, error, more=more, data={"train": "set"})


@form("folders", "axolotl, data_files")
def list_of_files() -> Made:
    """Is a list of files."""
    more = {"b.jsonl": jsonl(*CHATS[2:])}
    error = refused("list", "pattern")
    data = {"train": ["a.jsonl", "b.jsonl"]}
    return held_in("a.jsonl", jsonl(*CHATS[:2]), error, more=more, data=data)
