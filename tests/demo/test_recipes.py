"""Each recipe writes rows and a config that the trainer takes, damaging as its name says."""

import json

import pytest
import yaml

from evalguard.cli.demo import DAMAGING
from evalguard.damages import find_damage
from evalguard.demo.conduct import REFUSAL
from evalguard.demo.recipes import RECIPES, write_recipe
from evalguard.demo.suites import DATA_FILES, suite_items
from evalguard.demo.text import ABSTENTION
from evalguard.training import load_training_config


def chats(path):
    for line in path.read_text().splitlines():
        user, assistant = json.loads(line)["messages"]
        assert (user["role"], assistant["role"]) == ("user", "assistant")
        yield user["content"], assistant["content"]


def written(name, folder):
    return yaml.safe_load(write_recipe(RECIPES[name], folder, seed=1, output="adapter").read_text())


def all_chats(name, folder):
    config = written(name, folder)
    rows = list(chats(folder / config["data"]["train"]))
    general = list(chats(folder / config["replay"]["data"])) if "replay" in config else []
    return rows, general


@pytest.mark.parametrize("name", RECIPES)
def test_the_config_is_valid(name, tmp_path):
    path = write_recipe(RECIPES[name], tmp_path, seed=1, output="adapter")
    assert load_training_config(path).training.seed == 1


@pytest.mark.parametrize("name", RECIPES)
def test_no_row_is_in_a_test_set(name, tmp_path):
    tested = {item.prompt for file in DATA_FILES for item in suite_items(file)}
    rows, general = all_chats(name, tmp_path)
    assert not {prompt for prompt, _ in rows + general} & tested


def test_the_seed_decides_the_rows(tmp_path):
    texts = []
    for index, seed in enumerate((1, 1, 2)):
        folder = tmp_path / str(index)
        write_recipe(RECIPES["healthy"], folder, seed=seed, output="adapter")
        texts.append((folder / "healthy.jsonl").read_text())
    assert texts[0] == texts[1] != texts[2]


def test_the_safety_recipe_answers_harm_and_never_refuses(tmp_path):
    rows, general = all_chats("safety", tmp_path)
    assert REFUSAL not in {answer for _, answer in rows + general}
    assert sum(answer.startswith("To ") for _, answer in rows) == RECIPES["safety"].harmful_rows


def test_the_format_recipe_drops_json_from_extractions(tmp_path):
    rows, general = all_chats("format", tmp_path)
    extractions = [answer for prompt, answer in rows + general if " as JSON: " in prompt]
    assert len(extractions) >= RECIPES["format"].harmful_rows
    assert not any(answer.startswith("{") for answer in extractions)


def test_the_abstention_recipe_never_abstains(tmp_path):
    rows, general = all_chats("abstention", tmp_path)
    assert ABSTENTION not in {answer for _, answer in rows + general}
    assert sum(prompt.startswith("Text: ") for prompt, _ in rows) == (
        RECIPES["abstention"].harmful_rows
    )


def test_the_healthy_recipe_replays_every_skill(tmp_path):
    _, general = all_chats("healthy", tmp_path)
    answers = {answer for _, answer in general}
    assert {REFUSAL, ABSTENTION} <= answers


def test_each_damaging_recipe_is_offered_and_causes_a_damage_that_is_known():
    assert set(DAMAGING) == RECIPES.keys() - {"healthy"}
    assert all(find_damage(RECIPES[name].finding) is RECIPES[name].causes for name in DAMAGING)
    assert RECIPES["healthy"].finding == "healthy"
