"""Tasks that draw at random when they are built ask the same each time."""

import random


def test_rows_that_are_drawn_anew_at_each_reading_are_read_once(load):
    code = (
        "from random import Random\nrng = Random(42)\n"
        "def shuffled(docs):\n"
        "    order = list(range(len(docs)))\n    rng.shuffle(order)\n"
        "    return docs.select(order)\n"
    )
    rows = [{"q": f"Question {n}", "a": str(n)} for n in range(20)]
    text = "output_type: generate_until\ndoc_to_target: a\nprocess_docs: !function code.shuffled\n"
    task = load(text, rows=rows, code=code)
    asked = [sample.sample_id for sample in task.prepare(None)]
    assert [sample.sample_id for sample in task.prepare(None)] == asked
    again = load(text, rows=rows, code=code)
    assert [sample.sample_id for sample in again.prepare(None)] == asked


def test_global_draws_are_those_of_the_command(load):
    code = (
        "import random\ndef drawn(docs):\n"
        "    return docs.add_column('drawn', [random.random() for _ in docs])\n"
    )
    text = "output_type: generate_until\ndoc_to_target: a\nprocess_docs: !function code.drawn\n"
    state = random.getstate()
    first = load(text, code=code).docs
    assert random.getstate() == state
    random.random()
    assert load(text, code=code).docs == first
