"""Several processes on one store, and processes that are killed."""

import random
import subprocess
import sys
import time

import pytest

from evalguard.store import SampleStore

BATCH = 20

WRITER = """
import sys
from evalguard.store import SampleStore
from tests.store.conftest import make_sample

path, output, batches = sys.argv[1], sys.argv[2], int(sys.argv[3])
with SampleStore(path) as store:
    for batch in range(batches):
        ids = [f"{batch}-{n}" for n in range(20)]
        missing = [each for each in ids if each not in store.get("f", ids)]
        store.put("f", [make_sample(each, outputs=(output,)) for each in missing])
        print(batch, flush=True)
"""


def start(path, output: str, batches: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), output, str(batches)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ids(batches: int) -> list[str]:
    return [f"{batch}-{n}" for batch in range(batches) for n in range(BATCH)]


def test_two_processes_fill_one_new_store(path):
    writers = [start(path, output, 40) for output in ("first", "second")]
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors
    with SampleStore(path) as store:
        stored = store.get("f", ids(40))
        assert len(stored) == 40 * BATCH
        assert len(list(store.all_samples("f"))) == 40 * BATCH
        assert {sample.outputs[0] for sample in stored.values()} <= {"first", "second"}


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))]
)
def test_a_killed_process_loses_at_most_the_batch_in_flight(path, seed):
    rng = random.Random(seed)
    writer = start(path, "killed", 100_000)
    assert writer.stdout is not None
    acknowledged = -1
    for _ in range(rng.randrange(1, 40)):
        acknowledged = int(writer.stdout.readline())
    time.sleep(rng.uniform(0, 0.01))
    writer.kill()
    rest, _ = writer.communicate()
    acknowledged = max([acknowledged, *map(int, rest.split())])

    with SampleStore(path) as store:
        stored = store.get("f", ids(acknowledged + 3))
    batches, halves = divmod(len(stored), BATCH)
    assert halves == 0  # a batch is there or not
    assert acknowledged + 1 <= batches <= acknowledged + 2
    assert list(stored) == ids(batches)

    total = batches + 3
    resumed = start(path, "resumed", total)
    _, errors = resumed.communicate(timeout=60)
    assert resumed.returncode == 0, errors
    with SampleStore(path) as store:
        final = store.get("f", ids(total))
        assert len(list(store.all_samples("f"))) == total * BATCH
    assert {key: final[key] for key in stored} == stored
    assert {final[key].outputs for key in final.keys() - stored.keys()} == {("resumed",)}
