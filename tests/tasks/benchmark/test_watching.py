"""What a task's scoring does besides: a service that it calls, a model's code that it runs."""

import threading

import pytest

from benchmarks.lm_eval_tasks import perspective
from benchmarks.lm_eval_tasks.manifest import task_files
from evalguard.errors import ConfigError, MeasurementError
from evalguard.tasks.benchmark.loading import load_benchmark
from evalguard.tasks.benchmark.watching import watched
from tests.conftest import write_jsonl
from tests.scorers.sandbox import needs_sandbox

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
    with pytest.raises(ConfigError, match=r"code itself \(multiprocessing\)"):
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


@needs_sandbox
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
        ("def f():\n    return 3\nassert f() == 3", 1.0),
        ("class A:\n    def __eq__(a, b): return True\nassert A() == 3", 0.0),
        ("def f():\n    return 3\nassert f() == 1 or True", 0.0),
        ("def f():\n    return 3\nassert f() == f()", 0.0),
        ("def g():\n    return 3\ndef check(f):\n    assert f() == 3\ncheck(g)", 1.0),
        ("def g():\n    return 2\ndef check(f): pass\n"
         "def check(f):\n    assert f() == 3\ncheck(g)", 0.0),
        ("import os\nos._exit(0)\nassert 1 == 1", 0.0),
    ):  # fmt: skip
        assert task.score(sample, [answer]).scores == {"acc": right}
    assert not there.exists()


def test_a_failure_of_the_sandbox_is_no_wrong_answer(load, monkeypatch):
    task = load(
        f"{GENERATES}unsafe_code: true\n{SCORES}",
        code=HUMAN_EVAL,
        allow_code_execution=True,
        sandbox="none",
    )
    [sample] = task.prepare(None)
    monkeypatch.setattr("sys._base_executable", "/nowhere/python")
    with pytest.raises(MeasurementError, match="the sandbox could not be started"):
        task.score(sample, ["assert 1 == 1"])


IN_THREADS = {
    "a thread of a function": "run(threading.Thread(target=runs, args=[text]))",
    "a thread of exec": "run(threading.Thread(target=exec, args=[text]))",
    "a subclass": "run(Worker())",
    "a timer": "run(threading.Timer(0, eval, ['1']))",
    "a thread without an object": "_thread.start_new_thread(runs, (text,)); time.sleep(0.2)",
    "a thread of a thread": "run(threading.Thread(target=lambda: run(threading.Thread("
    "target=runs, args=[text]))))",
    "a pool": "ThreadPoolExecutor(1).submit(runs, text).exception()",
    "a pool that calls exec": "list(ThreadPoolExecutor(1).map(exec, [text]))",
    "a pool of the import": "POOL.submit(exec, text).exception()",
    "a queue of the import": "QUEUE.put(text); QUEUE.join()",
    "multiprocessing's threads": "POOLED.apply_async(runs, [text]).wait()",
    "asyncio": "asyncio.run(asyncio.to_thread(exec, text))",
}

IMPORTS = """
import _thread, asyncio, code, ctypes, importlib.util, multiprocessing, os, pathlib, queue
import runpy, subprocess, sys, tempfile, threading, time, timeit, types
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.pool import Pool, ThreadPool

POOL = ThreadPoolExecutor(1)
POOLED = ThreadPool(1)
QUEUE = queue.Queue()
FOLDER = pathlib.Path(tempfile.mkdtemp())

def runs(text):
    exec(text, {})

def take():
    while True:
        text = QUEUE.get()
        try:
            exec(text, {})
        except Exception:
            pass
        QUEUE.task_done()

class Worker(threading.Thread):
    def run(self):
        runs("1")

def run(thread):
    thread.start()
    thread.join()

def write(text):
    FOLDER.joinpath("answer.py").write_text(text)
    return str(FOLDER / "answer.py")

def load_file(path):
    spec = importlib.util.spec_from_file_location("answer", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))

def swapped(text):
    def one(): pass
    one.__code__ = compile(text, "f", "exec")
    one()

threading.Thread(target=take, daemon=True).start()
threading.excepthook = lambda _: None

def scores(doc, results):
    text = results[0]
    try:
        CALL
    except Exception:
        pass
    return {"acc": 1.0}
"""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("call", IN_THREADS.values(), ids=IN_THREADS)
def test_code_in_threads_of_the_task_needs_permission(load, monkeypatch, call):
    monkeypatch.delenv("HF_ALLOW_CODE_EVAL", raising=False)
    code = IMPORTS.replace("CALL", call)
    with pytest.raises(ConfigError, match=r"executes code itself.*allow_code_execution"):
        load(GENERATES + SCORES, code=code)
    task = load(GENERATES + SCORES, code=code, allow_code_execution=True)
    [sample] = task.prepare(None)
    assert task.score(sample, ["4"]).scores == {"acc": 1.0}


BY_OTHER_MEANS = {
    "eval": "eval(text)",
    "a function of compiled code": "types.FunctionType(compile(text, 'f', 'exec'), {})()",
    "a function whose code is replaced": "swapped(text)",
    "timeit": "timeit.timeit(text, number=1)",
    "an interpreter": "code.InteractiveInterpreter().runsource(text)",
    "runpy": "runpy.run_path(write(text))",
    "a module that it writes": "load_file(write(text))",
    "Python's C interface": "ctypes.pythonapi.PyRun_SimpleString(text.encode())",
    "a spawned process": "multiprocessing.get_context('spawn').Process(target=exec, "
    "args=[text]).start()",
    "a process of a server": "multiprocessing.get_context('forkserver').Process(target=exec, "
    "args=[text]).start()",
    "a pool of processes": "ProcessPoolExecutor(1).submit(exec, text)",
    "multiprocessing's pool": "Pool(1)",
    "a fork": "os.fork() or os._exit(0)",
    "a thread that forks": "run(threading.Thread(target=os.fork))",
}


@pytest.mark.parametrize("call", BY_OTHER_MEANS.values(), ids=BY_OTHER_MEANS)
def test_code_that_is_run_by_other_means_needs_permission(load, monkeypatch, call):
    monkeypatch.delenv("HF_ALLOW_CODE_EVAL", raising=False)
    with pytest.raises(ConfigError, match=r"executes code itself.*allow_code_execution"):
        load(GENERATES + SCORES, code=IMPORTS.replace("CALL", call))


STARTED = {
    "a shell": "os.system(text)",
    "a shell of subprocess": "subprocess.run(text, shell=True)",
    "an interpreter": "subprocess.run([sys.executable, '-c', text])",
    "an interpreter in a thread": "run(threading.Thread(target=subprocess.run, "
    "args=[[sys.executable, '-c', 'x = 1\\n' + text]]))",
    "a program that replaces another": "subprocess.check_output(['sh', '-c', text])",
}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("call", STARTED.values(), ids=STARTED)
def test_an_answer_is_no_program_to_start(load, monkeypatch, call):
    monkeypatch.delenv("HF_ALLOW_CODE_EVAL", raising=False)
    code = IMPORTS.replace("CALL", f"if text != '4':\n            {call}")
    task = load(GENERATES + SCORES, code=code)
    [sample] = task.prepare(None)
    with pytest.raises(MeasurementError, match="executes code itself"):
        task.score(sample, ["x = 1; print(x)"])


HARMLESS = {
    "arithmetic in a pool": "list(ThreadPoolExecutor(2).map(len, [text, text]))",
    "a judge that gets the answer": "subprocess.run([sys.executable, '-c', 'pass', text])",
    "a judge that reads it": "subprocess.run([sys.executable, '-c', 'pass'], input=text.encode())",
    "an import": "import colorsys",
    "a library that generates code": "collections = __import__('collections'); "
    "collections.namedtuple('Pair', 'a b')",
    "one that does in a thread": "run(threading.Thread(target=__import__('collections')"
    ".namedtuple, args=('Pair', 'a b')))",
}


@pytest.mark.parametrize("call", HARMLESS.values(), ids=HARMLESS)
def test_what_runs_no_answer_needs_no_permission(load, monkeypatch, call):
    monkeypatch.delenv("HF_ALLOW_CODE_EVAL", raising=False)
    task = load(GENERATES + SCORES, code=IMPORTS.replace("CALL", call))
    [sample] = task.prepare(None)
    assert task.score(sample, ["x = 1; print(x)"]).scores == {"acc": 1.0}


def test_a_function_of_c_that_a_task_with_unsafe_code_looks_up_needs_permission(load, monkeypatch):
    monkeypatch.delenv("HF_ALLOW_CODE_EVAL", raising=False)
    code = IMPORTS.replace("CALL", "ctypes.CDLL(None).system(text.encode())")
    with pytest.raises(ConfigError, match="allow_code_execution: true"):
        load(f"{GENERATES}unsafe_code: true\n{SCORES}", code=code)


def test_a_request_in_a_thread_of_the_task_is_seen(service, load):
    url = f"https://{perspective.HOST}/v1alpha1/comments:analyze?key={perspective.KEY}"
    code = (
        "import requests\nfrom concurrent.futures import ThreadPoolExecutor\n"
        f"def ask(text):\n    body = {{'comment': {{'text': text}}}}\n"
        f"    found = requests.post({url!r}, json=body)\n"
        "    return float(found.ok)\n"
        "def scores(doc, results):\n"
        "    return {'acc': ThreadPoolExecutor(1).submit(ask, results[0]).result()}\n"
    )
    task = load(GENERATES + SCORES, code=code)
    [sample] = task.prepare(None)
    service.fails["good bread"] = [503]
    with pytest.raises(MeasurementError, match="HTTP status 503"):
        task.score(sample, ["good bread"])
    assert task.score(sample, ["fresh bread"]).scores == {"acc": 1.0}


def test_threads_of_others_are_left_alone():
    """EvalGuard may be called by a program that has threads of its own."""
    done, go = threading.Event(), threading.Event()

    def work() -> None:
        go.wait()
        eval("1")  # noqa: S307 - watched
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    with watched() as watch:
        go.set()
        assert done.wait(60)
    thread.join()
    assert not watch.ran
