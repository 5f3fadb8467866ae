"""Scorers are found by name, their options are checked, and a team adds its own."""

import subprocess
import sys
import textwrap
from importlib.metadata import EntryPoint
from importlib.util import find_spec

import pytest

from evalguard import plugins, scorers
from evalguard.errors import DataError, UsageError
from evalguard.records import Metric, ScoreKind
from evalguard.scorers import registry
from tests.scorers.sandbox import with_sandbox


def write_module(path, source):
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    return path


POLITE = """
    from evalguard.scorers import scorer

    @scorer(name="polite", kind="binary")
    def polite(output: str, *, word: str = "please") -> bool:
        return word in output.lower()
    """


def test_the_table_of_built_in_scorers_is_true():
    for name, module in registry.BUILT_IN.items():
        found = scorers.get(name, **_needed_options(name))
        assert found.function.__module__ == f"evalguard.scorers.{module}"
        assert found.metrics, name


def test_every_metric_has_one_meaning():
    """A suite with all scorers has no two metrics of one name."""
    metrics = [
        metric.name
        for name in registry.BUILT_IN
        for metric in scorers.metrics(name, _needed_options(name))
    ]
    assert len(metrics) == len(set(metrics))


def _needed_options(name):
    code = with_sandbox({"allow_code_execution": True})
    return {"regex": {"pattern": "x"}, "unit_tests": code}.get(name, {})


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("exact_macth", {}, "unknown scorer 'exact_macth'. Did you mean 'exact_match'?"),
        ("regex", {}, "scorer 'regex': option 'pattern' is missing"),
        ("regex", {"pattern": "("}, "option 'pattern': not a regular expression"),
        ("regex", {"pattern": "x", "whol": 1}, "unknown option 'whol'. Did you mean 'whole'?"),
        ("numeric", {"tolerance": -1}, "'tolerance': Input should be greater than or equal to 0"),
        ("numeric", {"tolerance": "wide"}, "'tolerance': Input should be a valid number"),
        ("json_schema", {"schema": {"type": "objct"}}, "not a JSON schema: $.type"),
        ("json_schema", {"schema": "file.json"}, "a JSON schema is a mapping, not str"),
        ("json_schema", {"schema": {"$ref": "a.json"}}, "nothing is found under 'a.json'"),
        ("numeric", {"decimal": ";"}, "'decimal': Input should be 'auto', '.' or ','"),
        ("bleu", {"tokenize": "13b"}, "unknown tokenizer '13b'. Did you mean '13a'?"),
        ("unit_tests", {}, "set allow_code_execution: true"),
        ("sql_valid", {"dialect": "postgress"}, "Unknown dialect 'postgress'"),
        ("constraints", {"require": {"max_word": 5}}, "Did you mean 'max_words'?"),
        ("constraints", {"require": {}}, "at least one constraint"),
        ("constraints", {"require": {"max_words": True}}, "max_words must be a count, got True"),
        ("constraints", {"require": {"include": [""]}}, "include must be text"),
        ("constraints", {"require": {"letters": "title"}}, "'lower' or 'upper'"),
        ("label", {"labels": "spam"}, "'labels': Input should be a valid list"),
    ],
)
def test_wrong_names_and_options_say_what_is_allowed(name, options, reason):
    with pytest.raises(UsageError) as caught:
        scorers.get(name, **options)
    assert reason in str(caught.value)


@pytest.mark.skipif(find_spec("MeCab") is not None, reason="MeCab is installed")
def test_a_tokenizer_whose_package_is_missing_says_what_to_install():
    with pytest.raises(UsageError, match=r"pip install 'sacrebleu\[ja\]'"):
        scorers.get("bleu", tokenize="ja-mecab")


def test_all_wrong_options_are_listed_at_once():
    with pytest.raises(UsageError, match=r"(?s)unknown option 'flags'.*option 'pattern'"):
        scorers.get("regex", flags="i", pattern="(")


@pytest.mark.usefixtures("fresh_registry")
def test_a_file_of_ones_own_scorers(tmp_path):
    path = write_module(tmp_path / "ours.py", POLITE)
    assert scorers.load_module(path) == ("polite",)
    assert "polite" in scorers.names()
    assert scorers.metrics("polite", {}) == (Metric("polite", reads_target=False),)
    assert scorers.get("polite").score("Please sit.", "", {}) == {"polite": 1.0}
    assert scorers.get("polite", word="kindly").score("Please sit.", "", {}) == {"polite": 0.0}
    with pytest.raises(UsageError, match="Did you mean 'word'"):
        scorers.get("polite", words="x")
    assert scorers.load_module(path) == ("polite",), "loading twice does no harm"


@pytest.mark.usefixtures("fresh_registry")
def test_target_row_and_several_metrics(tmp_path):
    path = write_module(
        tmp_path / "ours.py",
        """
        from evalguard.records import Metric, ScoreKind
        from evalguard.scorers import scorer

        LATE = Metric("late", ScoreKind.BOUNDED, 0.0, 10.0, higher_is_better=False)

        @scorer(name="delivery", metrics=[Metric("right"), LATE])
        def delivery(output, target, row):
            return {"right": output == target, "late": row["days"]}
        """,
    )
    scorers.load_module(path)
    delivery = scorers.get("delivery")
    assert delivery.score("a", "a", {"days": 3}) == {"right": 1.0, "late": 3.0}
    runaway = delivery.score("a" * 300_000, "a", {"days": 3})
    assert runaway == {"right": 0.0, "late": 10.0}, "the worst of each direction"


@pytest.mark.usefixtures("fresh_registry")
@pytest.mark.parametrize(
    ("source", "error", "reason"),
    [
        ("x = 1", UsageError, "defines no scorer"),
        ("1 / 0", DataError, "cannot be loaded: ZeroDivisionError"),
        ("def (", DataError, "cannot be loaded: SyntaxError"),
        ("raise SystemExit(0)", DataError, "cannot be loaded: SystemExit"),
        ("import sys; sys.exit()", DataError, "cannot be loaded: SystemExit"),
        (
            "import pytest; pytest.skip('x', allow_module_level=True)",
            DataError,
            "cannot be loaded: x",
        ),
        ("raise GeneratorExit", DataError, "cannot be loaded: GeneratorExit"),
        (POLITE.replace('"polite"', '"numeric"'), UsageError, "'numeric' of .* is built in"),
        (POLITE.replace('"binary"', '"binery"'), UsageError, "Did you mean 'binary'"),
        (POLITE.replace('"binary"', '"corpus"'), UsageError, "kind='corpus'"),
        (POLITE.replace("output: str", "output, target, row, model"), UsageError, "4 positional"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, source, error, reason):
    with pytest.raises(error, match=reason):
        scorers.load_module(write_module(tmp_path / "ours.py", source))


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match="no such Python file"):
        scorers.load_module(tmp_path / "none.py")


@pytest.mark.usefixtures("fresh_registry")
def test_two_files_cannot_share_a_name(tmp_path):
    scorers.load_module(write_module(tmp_path / "a.py", POLITE))
    with pytest.raises(UsageError, match=r"'polite' of .*b\.py is already defined in .*a\.py"):
        scorers.load_module(write_module(tmp_path / "b.py", POLITE))


@pytest.mark.usefixtures("fresh_registry")
def test_an_installed_package_brings_a_scorer(tmp_path, monkeypatch):
    write_module(tmp_path / "brings_polite.py", POLITE)
    monkeypatch.syspath_prepend(tmp_path)
    points = {
        "polite": EntryPoint("polite", "brings_polite:polite", registry.ENTRY_POINT_GROUP),
        "rude": EntryPoint("rude", "brings_polite:polite", registry.ENTRY_POINT_GROUP),
        "gone": EntryPoint("gone", "no_such_package:gone", registry.ENTRY_POINT_GROUP),
    }
    monkeypatch.setattr(plugins, "points", lambda group: points)
    assert "polite" in scorers.names()
    assert "brings_polite" not in sys.modules, "names are known without loading anything"
    assert scorers.get("polite").score("please", "", {}) == {"polite": 1.0}
    with pytest.raises(UsageError, match="registers no scorer of that name"):
        scorers.get("rude")
    with pytest.raises(UsageError, match="cannot be loaded: ModuleNotFoundError"):
        scorers.get("gone")


@pytest.mark.usefixtures("fresh_registry")
def test_the_version_changes_with_options_and_source(tmp_path):
    exact = scorers.get("exact_match").version
    assert scorers.get("exact_match").version == exact
    assert scorers.get("exact_match", ignore_case=False).version != exact
    path = write_module(tmp_path / "ours.py", POLITE)
    scorers.load_module(path)
    before = scorers.get("polite").version
    write_module(path, POLITE.replace("output.lower()", "output.casefold()"))
    scorers.load_module(path)
    assert scorers.get("polite").version != before


@pytest.mark.usefixtures("fresh_registry")
def test_the_version_of_a_function_without_a_file_follows_its_code():
    def define(source):
        space = {"scorer": scorers.scorer, "__name__": "prompt"}
        exec(compile(source, "<prompt>", "exec"), space)  # noqa: S102
        return scorers.get("typed").version

    first = define("@scorer(name='typed')\ndef f(output): return 'a' in output")
    assert define("@scorer(name='typed')\ndef f(output): return 'a' in output") == first
    assert define("@scorer(name='typed')\ndef f(output): return 'b' in output") != first


def test_a_label_scorer_declares_its_corpus_metrics_last():
    kinds = [metric.kind for metric in scorers.metrics("label", {})]
    assert kinds == [ScoreKind.BINARY, ScoreKind.BINARY, ScoreKind.CORPUS, ScoreKind.CORPUS]


def test_importing_scorers_loads_nothing_heavy():
    code = (
        "import sys, evalguard.scorers as s; s.names(); s.get('exact_match'); s.get('rouge_l');"
        "heavy = {'torch', 'transformers', 'scipy', 'sacrebleu', 'nltk', 'sqlglot', 'pyarrow'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
