"""What a task's scoring does besides: a service that it calls, a model's code that it runs."""

import pytest

from benchmarks.lm_eval_tasks import perspective
from benchmarks.lm_eval_tasks.manifest import task_files
from evalguard.errors import ConfigError, MeasurementError
from evalguard.tasks.benchmark.loading import load_benchmark
from tests.conftest import write_jsonl

GENERATES = "output_type: generate_until\ndoc_to_target: a\n"
SCORES = "process_results: !function code.scores\nmetric_list: [{metric: acc}]\n"


@pytest.fixture
def service(tmp_path, monkeypatch):
    """A Perspective API that ``requests`` reaches as the real one."""
    with perspective.serving(tmp_path) as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        yield found


@pytest.fixture
def toxic(service, tmp_path):
    """lm-eval's RealToxicityPrompts over one row."""
    write_jsonl(tmp_path / "rows.jsonl", [{"prompt": {"text": "The baker said"}}])
    (tmp_path / "toxic.yaml").write_text(
        f"include: {perspective_task()}\ndataset_path: json\n"
        "dataset_kwargs: {data_files: {train: rows.jsonl}}\n"
    )
    [task] = load_benchmark(
        "s", "toxic.yaml", base_dir=tmp_path, source="s.yaml", key="tasks[0].task"
    )
    return task


def perspective_task():
    return task_files()["realtoxicityprompts"]


def test_a_score_of_a_service_is_the_service_s_own(service, toxic):
    assert service.asked == []  # the trial sends nothing
    [sample] = toxic.prepare(None)
    value = perspective.toxicity("good bread")
    scores = toxic.score(sample, ["good bread"]).scores
    assert scores == {"score": float(value >= 0.5), "perspective_api_toxicity_score": value}
    assert service.asked == ["good bread"]


@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_a_failure_that_lm_eval_scores_as_harmless_is_no_score(service, toxic, status):
    [sample] = toxic.prepare(None)
    service.fails["good bread"] = [status]
    with pytest.raises(MeasurementError, match=f"answered with HTTP status {status}"):
        toxic.score(sample, ["good bread"])
    assert toxic.score(sample, ["fresh bread"]).scores  # the next sample is measured


def test_a_service_that_is_not_there_is_no_score_and_keeps_its_key(service, toxic, monkeypatch):
    [sample] = toxic.prepare(None)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(MeasurementError, match="after calling a service") as raised:
        toxic.score(sample, ["good bread"])
    assert perspective.KEY not in str(raised.value)


def test_a_key_that_is_wrong_is_no_score(service, toxic, monkeypatch):
    [sample] = toxic.prepare(None)
    monkeypatch.setenv("PERSPECTIVE_API_KEY", "another-key")
    with pytest.raises(MeasurementError, match="status 403"):
        toxic.score(sample, ["good bread"])


def test_a_key_that_is_not_set_is_missed_before_any_answer(tmp_path, monkeypatch):
    monkeypatch.delenv("PERSPECTIVE_API_KEY", raising=False)
    write_jsonl(tmp_path / "rows.jsonl", [{"prompt": {"text": "The baker said"}}])
    (tmp_path / "toxic.yaml").write_text(
        f"include: {perspective_task()}\ndataset_path: json\n"
        "dataset_kwargs: {data_files: {train: rows.jsonl}}\n"
    )
    with pytest.raises(ConfigError, match="environment variable PERSPECTIVE_API_KEY"):
        load_benchmark("s", "toxic.yaml", base_dir=tmp_path, source="s.yaml", key="k")


ANSWERS = {
    "a response of another form": "    return {'acc': float(ask().get('value', {})['score'])}\n",
    "one that is caught": (
        "    try:\n        return {'acc': float(ask()['value'])}\n"
        "    except Exception:\n        return {'acc': 1.0}\n"
    ),
    "one that a helper catches": "    return {'acc': read(ask())}\n",
}


@pytest.mark.parametrize("body", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("client", ["requests", "httpx", "urllib"])
def test_other_clients_and_answers_that_cannot_be_read(service, load, body, client):
    url = f"https://{perspective.HOST}/v1alpha1/comments:analyze?key={perspective.KEY}"
    send = {
        "requests": f"requests.post({url!r}, json=BODY).json()",
        "httpx": f"httpx.Client(verify=TRUST).post({url!r}, json=BODY).json()",
        "urllib": f"json.load(urllib.request.urlopen(urllib.request.Request({url!r}, "
        "json.dumps(BODY).encode()), context=TRUST))",
    }[client]
    code = (
        "import json, os, ssl, urllib.request\nimport httpx, requests\n"
        "BODY = {'comment': {'text': 'good bread'}}\n"
        "TRUST = ssl.create_default_context(cafile=os.environ['REQUESTS_CA_BUNDLE'])\n"
        f"def ask():\n    return {send}\n"
        "def read(found):\n    try:\n        return float(found['value'])\n"
        "    except KeyError:\n        return 0.0\n"
        f"def scores(doc, results):\n{body}"
    )
    task = load(GENERATES + SCORES, code=code)
    [sample] = task.prepare(None)
    with pytest.raises(MeasurementError, match=r"KeyError|TypeError"):
        task.score(sample, ["4"])
    assert service.asked == ["good bread"]


SEVERAL = """
import requests

def ask(text):
    return requests.post("URL", json={"comment": {"text": text}})

def scores(doc, results):
    found = [read(text) for text in (results[0], "another text")]
    return {"acc": sum(found) / 2}

def read(text):
    for _ in range(TRIES):
        response = ask(text)
        if response.ok:
            return response.json()["attributeScores"]["TOXICITY"]["summaryScore"]["value"]
    return 0.0
"""


@pytest.mark.parametrize(("tries", "measured"), [(1, False), (2, True)])
def test_of_a_request_that_is_sent_again_the_last_response_counts(service, load, tries, measured):
    url = f"https://{perspective.HOST}/v1alpha1/comments:analyze?key={perspective.KEY}"
    code = SEVERAL.replace("URL", url).replace("TRIES", str(tries))
    task = load(GENERATES + SCORES, code=code)
    [sample] = task.prepare(None)
    service.fails["good bread"] = [503]
    if measured:
        expected = perspective.toxicity("good bread") + perspective.toxicity("another text")
        assert task.score(sample, ["good bread"]).scores == {"acc": pytest.approx(expected / 2)}
    else:
        with pytest.raises(MeasurementError, match="HTTP status 503"):
            task.score(sample, ["good bread"])


def test_an_exception_before_anything_is_sent_is_the_task_s_own_business(load):
    code = (
        "def scores(doc, results):\n"
        "    try:\n        return {'acc': float(results[0])}\n"
        "    except ValueError:\n        return {'acc': 0.0}\n"
    )
    task = load(GENERATES + SCORES, code=code)
    [sample] = task.prepare(None)
    assert task.score(sample, ["four"]).scores == {"acc": 0.0}


@pytest.mark.parametrize(
    "call",
    ["exec('x = 1')", "eval(results[0])", "exec(compile('1', 'f', 'exec'))"],
)
@pytest.mark.parametrize("caught", [False, True])
def test_code_that_runs_answers_by_itself_needs_permission(load, monkeypatch, call, caught):
    monkeypatch.delenv("HF_ALLOW_CODE_EVAL", raising=False)
    body = (
        f"    try:\n        {call}\n    except Exception:\n        pass\n"
        if caught
        else f"    {call}\n"
    )
    code = f"def scores(doc, results):\n{body}    return {{'acc': 1.0}}\n"
    with pytest.raises(ConfigError, match=r"code\.py executes code itself.*allow_code_execution"):
        load(GENERATES + SCORES, code=code)
    task = load(GENERATES + SCORES, code=code, allow_code_execution=True)
    [sample] = task.prepare(None)
    assert task.score(sample, ["4"]).scores == {"acc": 1.0}


def test_a_copy_of_the_process_in_which_nothing_is_seen_needs_permission(load, monkeypatch):
    monkeypatch.delenv("HF_ALLOW_CODE_EVAL", raising=False)
    code = (
        "import multiprocessing\n"
        "def scores(doc, results):\n"
        "    try:\n"
        "        multiprocessing.get_context('fork').Process(target=exec, args=['1']).start()\n"
        "    except Exception:\n        pass\n"
        "    return {'acc': 1.0}\n"
    )
    with pytest.raises(ConfigError, match=r"code itself \(os\.fork\)"):
        load(GENERATES + SCORES, code=code)


def test_code_that_only_some_answers_reach_is_no_score(load, monkeypatch):
    monkeypatch.delenv("HF_ALLOW_CODE_EVAL", raising=False)
    code = (
        "def scores(doc, results):\n    try:\n"
        "        return {'acc': float('*' in results[0] and eval(results[0]) == 4)}\n"
        "    except Exception:\n        return {'acc': 0.0}\n"
    )
    task = load(GENERATES + SCORES, code=code)
    [sample] = task.prepare(None)
    assert task.score(sample, ["4"]).scores == {"acc": 0.0}
    with pytest.raises(MeasurementError, match=r"code\.py executes code itself"):
        task.score(sample, ["2 * 2"])


@pytest.mark.parametrize("call", ["os.system('true')", "subprocess.run(['true'])", "os.fork()"])
def test_programs_of_a_task_with_unsafe_code_need_permission(load, monkeypatch, call):
    monkeypatch.delenv("HF_ALLOW_CODE_EVAL", raising=False)
    text = f"{GENERATES}unsafe_code: true\n{SCORES}"
    code = (
        f"import os, subprocess\ndef scores(doc, results):\n    {call}\n    return {{'acc': 1.0}}\n"
    )
    with pytest.raises(ConfigError, match="allow_code_execution: true"):
        load(text, code=code)


HUMAN_EVAL = """
import multiprocessing

def unsafe_execute(check_program, result, timeout):
    exec(check_program, {})
    result.append("passed")

def check_correctness(check_program, timeout=3):
    result = multiprocessing.Manager().list()
    multiprocessing.Process(target=unsafe_execute, args=(check_program, result, timeout)).start()
    return bool(result)

def scores(doc, results):
    try:
        return {"acc": float(check_correctness(results[0]))}
    except Exception:
        return {"acc": 0.0}
"""


def test_copies_of_human_eval_run_in_the_sandbox(load, monkeypatch, tmp_path):
    monkeypatch.delenv("HF_ALLOW_CODE_EVAL", raising=False)
    text = f"{GENERATES}unsafe_code: true\n{SCORES}"
    with pytest.raises(ConfigError, match="allow_code_execution: true"):
        load(text, code=HUMAN_EVAL)
    task = load(text, code=HUMAN_EVAL, allow_code_execution=True)
    [sample] = task.prepare(None)
    there = tmp_path / "written"
    for answer, right in (
        ("assert 1 + 1 == 2", 1.0),
        ("assert 1 + 1 == 3", 0.0),
        (f"open({str(there)!r}, 'w')", 0.0),
        ("import socket; socket.socket()", 0.0),
    ):
        assert task.score(sample, [answer]).scores == {"acc": right}
    assert not there.exists()


def test_a_failure_of_the_sandbox_is_no_wrong_answer(load, monkeypatch):
    task = load(
        f"{GENERATES}unsafe_code: true\n{SCORES}", code=HUMAN_EVAL, allow_code_execution=True
    )
    [sample] = task.prepare(None)
    monkeypatch.setattr("evalguard.scorers.sandbox.sys.executable", "/nowhere/python")
    with pytest.raises(MeasurementError, match="the sandbox could not be started"):
        task.score(sample, ["assert True"])
