"""A receipt lists every file of a project that decides a verdict."""

from evalguard.config import load_project
from evalguard.pipeline.inputs import project_files

SUITE = """
version: 1
tasks:
  - kind: test_set
    data: facts.jsonl
    prompt: "{{ question }}"
    scorers: [{name: json_schema, options: {schema: schemas/order.json}}]
"""


def test_files_that_a_suite_names_are_listed(project, edit):
    (project / "suites" / "schemas").mkdir()
    (project / "suites" / "schemas" / "order.json").write_text('{"items": {"$ref": "line.json"}}')
    (project / "suites" / "schemas" / "line.json").write_text("{}")
    (project / "suites" / "orders.yaml").write_text(SUITE)
    edit("evalguard.yaml", "[general, facts]", "[general, facts, orders]")
    found = {path.resolve() for path in project_files(load_project(project / "evalguard.yaml"))}
    named = ("facts.jsonl", "mc.yaml", "orders.yaml", "schemas/order.json", "schemas/line.json")
    assert {(project / "suites" / name).resolve() for name in named} <= found
    assert {project / "evalguard.yaml", project / "thresholds" / "release.yaml"} <= found
