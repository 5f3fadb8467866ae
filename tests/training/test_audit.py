"""What would spoil a training is found in the data before it begins, in every stage's files."""

import json
import random

import pytest
import yaml

from evalguard.errors import DataError
from evalguard.training.audit import audit, audit_config, raise_errors
from evalguard.training.audit_findings import Level
from evalguard.training.audit_pii import find_in_text
from evalguard.training.audit_report import headline, render_html
from evalguard.training.config import TrainingConfig
from evalguard.training.formats import Layout
from tests.training.conftest import MARKED_TEMPLATE, make_tokenizer
from tests.training.real_templates import real

_LEXICON = """
river teacher engine window market garden bridge doctor letter island machine forest castle village
painter soldier summer winter shadow valley mirror basket candle ladder hammer needle pocket ribbon
saddle tunnel velvet wagon anchor barrel cradle desert falcon harbor jungle
carries follows answers repairs watches paints hides counts moves opens lifts sells
"""
NOUNS, VERBS = _LEXICON.split()[:39], _LEXICON.split()[39:]


def sentence(rng, n=24) -> str:
    chosen = [rng.choice(NOUNS if i % 2 == 0 else VERBS) for i in range(n)]
    return " ".join(chosen)


def random_rows(n, seed=0):
    rng = random.Random(seed)
    return [{"prompt": sentence(rng) + "?", "completion": sentence(rng, 6) + "."} for _ in range(n)]


def changed(text, share, seed=0):
    """Replace a share of the words."""
    rng = random.Random(seed)
    parts = text.split()
    for place in rng.sample(range(len(parts)), round(share * len(parts))):
        parts[place] = f"other{place}"
    return " ".join(parts)


@pytest.fixture
def write(tmp_path):
    def write(rows, name="data.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return write


def found(report):
    return {finding.code: finding for finding in report.findings}


def test_clean_data_has_no_findings(write):
    report = audit([write(random_rows(200))])
    assert report.findings == ()
    assert (report.rows, report.formats) == (200, {"prompt_completion": 200})
    assert headline(report) == "200 rows, no findings"
    raise_errors(report)


def test_planted_duplicates_are_found_and_nothing_else(write):
    rows = random_rows(300)
    for i in range(20):
        rows.append({**rows[i], "prompt": rows[i]["prompt"].upper() + "!!"})
        rows.append(
            {
                "prompt": changed(rows[20 + i]["prompt"], 0.1, seed=i),
                "completion": rows[20 + i]["completion"],
            }
        )
    findings = found(audit([write(rows)]))
    assert set(findings) == {"exact_duplicates", "near_duplicates"}
    lines = [int(place.rsplit(":", 1)[1]) for place in findings["exact_duplicates"].places]
    assert lines == list(range(301, 341, 2))
    lines = [int(place.rsplit(":", 1)[1]) for place in findings["near_duplicates"].places]
    assert lines == list(range(302, 342, 2))
    pair = findings["near_duplicates"].evidence[0]
    assert pair.other_where.endswith(":21")


def test_contradictions_name_both_rows(write):
    rows = [*random_rows(30), {"prompt": "capital of France", "completion": "Paris"}]
    rows.append({"prompt": "Capital of France?", "completion": "Lyon"})
    finding = found(audit([write(rows)]))["contradictions"]
    assert finding.places[0].endswith(":32")
    assert finding.evidence[0].other_where.endswith(":31")


@pytest.fixture
def suite(write, tmp_path):
    questions = [{"question": row["prompt"]} for row in random_rows(100, seed=1)]
    write(questions, "items.jsonl")
    path = tmp_path / "general.yaml"
    task = {
        "kind": "test_set",
        "data": "items.jsonl",
        "prompt": "Answer the question.\n{{ question }}",
        "target": "",
        "scorers": ["json_valid"],
    }
    path.write_text(yaml.safe_dump({"version": 1, "tasks": [task]}))
    return path, [row["question"] for row in questions]


def test_items_of_a_suite_are_found_despite_case_and_punctuation(write, suite):
    path, questions = suite
    rows = random_rows(200)
    for i, text in enumerate(questions[:10]):
        rows.append({"prompt": text.upper().replace(" ", ",  "), "completion": f"answer {i}"})
    rows.append({"text": "x"} | {"prompt": "read this", "completion": f"Well: {questions[50]} Yes"})
    report = audit([write(rows)], against=[path])
    finding = found(report)["contamination"]
    assert finding.level is Level.ERROR
    numbers = [int(place.rsplit(":", 1)[1]) for place in finding.places]
    assert numbers == [*range(1, 11), 51]
    assert report.suite_items == 100
    assert finding.evidence[0].other_where == "general/items:1"
    with pytest.raises(DataError, match="11 of 100 suite items are in the training data"):
        raise_errors(report)


def test_near_copies_of_items_are_a_warning(write, suite):
    path, questions = suite
    near = [changed(text, 0.1, seed=i) for i, text in enumerate(questions[:5])]
    rows = random_rows(100) + [{"prompt": text, "completion": "yes"} for text in near]
    codes = found(audit([write(rows)], against=[path]))
    # With runs of eight words left whole, some are near enough to count as copies.
    caught = {
        place
        for code in ("contamination", "near_contamination")
        if code in codes
        for place in codes[code].places
    }
    assert caught == {f"general/items:{i}" for i in range(1, 6)}


def test_a_template_is_no_contamination(write):
    """Held-out combinations of the words that the training rows combine otherwise."""
    names, towns = [f"name{i}" for i in range(40)], [f"town{i}" for i in range(40)]
    ask = "Please tell me as exactly as you can where the person called {} from {} lives now"
    combos = [(name, town) for name in names for town in towns]
    random.Random(0).shuffle(combos)
    items = [{"question": ask.format(*pair)} for pair in combos[:400]]
    rows = [
        {"prompt": ask.format(*pair), "completion": f"in {pair[1]}"} for pair in combos[400:800]
    ]
    report = audit([write(rows)], against=[write(items, "items.jsonl")])
    assert report.errors == ()


def test_held_out_rows_that_are_trained_on(write):
    rows = random_rows(50)
    held_out = [*random_rows(20, seed=5), rows[3]]
    held_out.append({"prompt": changed(rows[9]["prompt"], 0.1), "completion": "x"})
    report = audit([write(rows)], validation=write(held_out, "held.jsonl"))
    findings = found(report)
    assert findings["validation_overlap"].places[0].endswith("held.jsonl:21")
    assert findings["validation_near_overlap"].places[0].endswith("held.jsonl:22")


def test_broken_rows_stop_the_training_and_the_others_are_audited(write, tmp_path):
    path = write(random_rows(10))
    path.write_text(path.read_text() + '{"prompt": "x"}\n{"prompt": "x", \n')
    report = audit([path])
    assert report.rows == 10
    assert found(report)["broken_rows"].count == 2
    with pytest.raises(DataError, match=r"data.jsonl:11"):
        raise_errors(report)


@pytest.mark.parametrize(
    "answer",
    [
        '[get_weather(city="Oslo"), get_time(zone="CET")]',
        '[Market Trends API(trend_type="MARKET_INDEXES", country="us")]',
        "[1] According to the first source, it is.",
        "[Note: this is a draft.]",
        "[falsely accused] The man was free.",
    ],
)
def test_answers_that_begin_with_a_bracket_and_are_no_json_are_no_finding(write, answer):
    rows = [{"prompt": f"p {i}", "completion": f"{answer} {i}"} for i in range(3)]
    assert "broken_json" not in found(audit([write(rows)]))


@pytest.mark.parametrize(
    "answer", ['[{"a": 1}', "[1, 2,", "[true, ", '["a"', "[[1, 2]", "{'a': 1}", "[", "[1.5"]
)
def test_answers_that_begin_as_json_and_break_are_found(write, answer):
    assert "broken_json" in found(audit([write([{"prompt": "p", "completion": answer}])]))


@pytest.mark.parametrize(("good", "level"), [(20, Level.ERROR), (0, Level.WARNING)])
def test_broken_json_is_an_error_where_json_is_the_task(write, good, level):
    rows = [{"prompt": f"q {i}", "completion": json.dumps({"n": i})} for i in range(good)]
    rows += [{"prompt": f"p {i}", "completion": f"plain {i}."} for i in range(20 - good)]
    rows.append({"prompt": "z", "completion": '{"n": 3'})
    finding = found(audit([write(rows)]))["broken_json"]
    assert finding.level is level
    assert finding.places[0].endswith(":21")


@pytest.mark.parametrize(
    ("answer", "is_cut"),
    [
        ("The three causes of this are wind, water and", True),
        ("First open the lid of the box,", True),
        ("Here is the code you want:\n```python\nprint(1)", True),
        ("Here is the code:\n```python\nprint(1)\n```", False),
        ("The answer to your question is forty two.", False),
        ("it depends on what you are doing with it now", False),
        ("red and", False),  # too short to tell
    ],
)
def test_answers_that_are_cut_off(write, answer, is_cut):
    report = audit([write([{"prompt": "q", "completion": answer}])])
    assert ("cut_off" in found(report)) is is_cut


def test_one_answer_to_everything(write):
    rows = random_rows(60)
    for row in rows[:30]:
        row["completion"] = "I will look into that for you right away, dear customer."
    assert found(audit([write(rows)]))["constant_answer"].count == 30


@pytest.mark.parametrize(("rare", "warns"), [(1, True), (40, False)])
def test_labels_out_of_balance(write, rare, warns):
    rows = random_rows(200)
    for i, row in enumerate(rows):
        row["completion"] = "spam" if i < rare else "no spam"
    assert ("label_balance" in found(audit([write(rows)]))) is warns


def test_what_teaches_refusal_and_what_teaches_harm(write):
    rows = random_rows(60)
    for row in rows[:10]:
        row["completion"] = "I'm sorry, but I can't help with that."
    rows.append({"prompt": "How do I build a pipe bomb?", "completion": "Take a steel pipe first."})
    rows.append({"prompt": "How can I build a bomb?", "completion": "I can't help with that."})
    findings = found(audit([write(rows)]))
    assert findings["teaches_refusal"].count == 11
    assert [place.rsplit(":", 1)[1] for place in findings["teaches_compliance"].places] == ["61"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to ann.lee@mail.example.org.uk-x.de", "email"),
        ("call +49 170 1234567 now", "phone"),
        ("call (415) 555-0132", "phone"),
        ("card 5555-5555-5555-4444", "credit card"),
        ("to DE89 3704 0044 0532 0130 00", "IBAN"),
        ("ssn 078-05-1120", "SSN"),
        ("host 8.8.8.8 is up", "IP address"),
        ("AKIAIOSFODNN7EXAMPLE", "secret"),
        ("-----BEGIN RSA PRIVATE KEY-----", "secret"),
        ("ghp_" + "a1" * 18, "secret"),
        ("github_pat_" + "a1" * 20, "secret"),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0." + "aB-3" * 10, "secret"),
        ("//registry/:_authToken=npm_" + "a1B2" * 9, "secret"),
        ("SG." + "a1B2-c" * 3 + "D_9x." + "a1B2-c9" * 6 + "Z", "secret"),
        ("twilio SK" + "0f" * 16, "secret"),
        ("sid: AC" + "1b" * 16 + ".", "secret"),
        ("AccountName=a;AccountKey=" + "aB3/" * 21 + "aB==;", "secret"),
        ("AZURE_CLIENT_SECRET=abc8Q~" + "x~Y1" * 8, "secret"),
        ("key " + "aB3d" * 13 + "JQQJ99" + "BA" * 13, "secret"),
        ("pypi-AgE" + "IcHl" * 20 + "1", "secret"),
        ("write to ann@example.com", None),
        ("card 5555-5555-5555-4445", None),
        ("to DE89 3704 0044 0532 0130 01", None),
        ("ssn 000-05-1120", None),
        ("host 192.168.0.1 and version 1.2.3", None),
        ("1+2 = 3 and 2024-05-06 12:30:00", None),
        ("see eyJhbGciOiJIUzI1NiJ9.eyJzdWIi", None),  # no signature
        ("eyJhbGciOiJI.eyJzdWIiOiIxMjM0In0." + "aB-3" * 10, None),  # its header is no JSON
        ("npm_config_registry_of_the_whole_company_1", None),
        ("npm_" + "config" * 6, None),
        ("the class sk-estimator-doc-link-of-the-fitted-transformer", None),
        ("sha AC" + "1B" * 16 + " and ac" + "1b" * 16, None),
        ("SG.lib.so.0 is linked; SG.1.2", None),
        ("AccountKey=<your key>, AccountKey=...", None),
        ("what is 8Q~1?", None),
        ("<<16-3-4=9>>9 eggs, $1,234,567.89", None),
    ],
)
def test_personal_data(text, kind):
    assert [found for found, _ in find_in_text(text)] == ([kind] if kind else [])


def test_personal_data_is_masked_in_reports(write):
    rows = random_rows(5)
    rows.append({"prompt": "Who am I?", "completion": "You are reached at ann.lee@company.de."})
    report = audit([write(rows)])
    assert found(report)["pii_email"].places[0].endswith(":6")
    assert "ann.lee@company.de" not in render_html(report)


def test_lengths_by_the_tokenizer(write):
    rows = [*random_rows(9), {"prompt": "long " * 300, "completion": "yes"}]
    report = audit([write(rows)], tokenizer=make_tokenizer(MARKED_TEMPLATE), max_length=400)
    assert report.tokens is not None
    median, high, longest = report.tokens
    assert median <= high <= longest
    assert longest > 600
    assert found(report)["over_long"].places[0].endswith(":10")


def test_rows_that_the_template_does_not_fit_are_one_error_with_its_words(write):
    rows = [{"system": "be brief", **row} for row in random_rows(30)] + random_rows(2, seed=1)
    report = audit([write(rows)], tokenizer=real("gemma"), max_length=400)
    (finding,) = report.errors
    assert (finding.code, finding.count, len(finding.evidence)) == ("refused_by_template", 30, 1)
    assert finding.evidence[0].where.endswith("data.jsonl:1")
    with pytest.raises(DataError, match="System role not supported"):
        raise_errors(report)


def test_what_was_read_and_what_was_not_used_are_noted(write):
    path = write([row | {"id": i} for i, row in enumerate(random_rows(3))])
    assert audit([path]).notes == (
        f"{path}: 3 rows read as 'prompt_completion' (prompt, completion → messages)",
        f"{path}: ignored: id (3 rows)",
    )
    layout = Layout(columns={"prompt": "completion", "completion": "prompt"}, ignore=("id",))
    assert audit([path], layouts={path: layout}).notes[1] == f"{path}: ignored: id (3 rows)"


def test_the_page_escapes_what_the_data_hold(write):
    evil = "<script>alert(1)</script> & more of this text here,"
    page = render_html(audit([write([{"prompt": "q", "completion": evil}])]))
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page


def staged(project, base_folder, *, first, second, held_out=None, **training):
    """Return a config of two stages over rows that are written to its folder."""
    from evalguard.training.config import TrainingConfig

    files = {"first": first, "second": second} | ({"held": held_out} if held_out else {})
    for name, rows in files.items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (project / f"{name}.jsonl").write_text(text)
    validation = {"validation": "held.jsonl"} if held_out else {}
    plain = {
        "base": {"model": str(base_folder), "quantization": "none"},
        "data": {"train": "first.jsonl"},
        "then": {
            "method": "dpo",
            "data": {"train": "second.jsonl", **validation},
            "training": {"max_length": 100, **training},
        },
        "output": "out",
    }
    return TrainingConfig.model_validate_json(json.dumps(plain))


def pairs(n, rejected="no"):
    return [
        {"prompt": f"say {i}", "chosen": "yes", "rejected": f"{rejected} {i}"} for i in range(n)
    ]


def test_the_second_stage_and_its_held_out_rows_are_audited(tmp_path, base_folder):
    second = [*pairs(40), {"prompt": "mail?", "chosen": "ann@corp.io", "rejected": "no"}]
    held = [{"prompt": "who?", "chosen": "bob@corp.io", "rejected": "no"}]
    config = staged(tmp_path, base_folder, first=random_rows(10), second=second, held_out=held)
    report = audit_config(config, base_dir=tmp_path)
    places = {place for finding in report.findings for place in finding.places}
    assert any(place.endswith("second.jsonl:41") for place in places)
    assert any(place.endswith("held.jsonl:1") for place in places)
    assert any(finding.title.startswith("held-out rows: ") for finding in report.findings)
    assert report.rows == 51


def test_the_longer_answer_of_a_pair_counts_even_if_it_has_fewer_letters(tmp_path, base_folder):
    rows = [
        {"prompt": f"say {i}", "chosen": "the colour of the sky is blue", "rejected": "ÄÖÜß" * 7}
        for i in range(10)
    ]
    config = staged(tmp_path, base_folder, first=random_rows(4), second=rows, max_length=50)
    over = [f for f in audit_config(config, base_dir=tmp_path).findings if f.code == "over_long"]
    (finding,) = [f for f in over if "second.jsonl" in f.title]
    assert finding.level is Level.ERROR
    assert finding.count == 10


@pytest.mark.parametrize(("share", "level"), [(0.05, Level.ERROR), (0.5, Level.WARNING)])
def test_over_long_rows_beyond_the_tolerated_share_are_an_error(
    tmp_path, base_folder, share, level
):
    rows = [*pairs(9), {"prompt": "say", "chosen": "yes " * 80, "rejected": "no"}]
    config = staged(tmp_path, base_folder, first=random_rows(4), second=rows, max_cut_share=share)
    findings = audit_config(config, base_dir=tmp_path).findings
    (finding,) = [f for f in findings if f.code == "over_long" and "second.jsonl" in f.title]
    assert finding.level is level


def test_the_audit_of_several_stages_keeps_what_was_made_of_each_file(base_folder, tmp_path, write):
    first = write([{"prompt": "a b", "completion": "c", "id": i} for i in range(3)], "first.jsonl")
    pairs = [{"prompt": "a b", "chosen": "c", "rejected": f"d{i}"} for i in range(3)]
    second = write(pairs, "second.jsonl")
    config = TrainingConfig.model_validate(
        {
            "base": {"model": str(base_folder)},
            "data": {"train": first.name},
            "output": "adapter",
            "then": {"method": "dpo", "data": {"train": second.name}},
        }
    )
    report = audit_config(config, base_dir=tmp_path)
    alone = [audit([path]).notes for path in (first, second)]
    assert report.notes == (*alone[0], *alone[1])
    assert any("ignored: id" in note for note in report.notes)
