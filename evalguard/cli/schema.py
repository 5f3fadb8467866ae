"""``evalguard schema``: the JSON schemas of the files that users write."""

from __future__ import annotations

import json
from importlib import import_module

import click

MODELS = {
    "project": ("evalguard.config", "ProjectConfig"),
    "suite": ("evalguard.config", "SuiteConfig"),
    "thresholds": ("evalguard.config", "ThresholdsConfig"),
    "training": ("evalguard.training.config", "TrainingConfig"),
}
"""Kind of file → where its model stands."""


@click.command("schema")
@click.argument("kind", type=click.Choice(list(MODELS)))
def command(kind: str) -> None:
    """Print the JSON schema of a kind of file.

    For completion and validation in an editor, put `# yaml-language-server: $schema=PATH` at the
    top of the YAML file.
    """
    module, name = MODELS[kind]
    model = getattr(import_module(module), name)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **(model.schema_of_all_kinds() if kind == "suite" else model.model_json_schema()),
    }
    click.echo(json.dumps(schema, indent=2, ensure_ascii=False))
