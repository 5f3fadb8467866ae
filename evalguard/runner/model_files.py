"""The files of a project's models, checked before anything heavy is loaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from evalguard.config import BASELINE, JUDGE, ModelSpec, Project
from evalguard.engines.adapter_config import CONFIG_NAME
from evalguard.engines.adapter_files import AdapterFiles, read_adapter
from evalguard.engines.fit import check_fit
from evalguard.engines.registry import check_adapter, is_remote
from evalguard.engines.safetensors_header import read_folder
from evalguard.errors import DataError, ModelError, Problem
from evalguard.hub import check_hub

CheckAdapter = Callable[[ModelSpec], None]
"""Raises where an adapter was trained on another base than it is gated on."""


def check_model_files(
    project: Project, specs: Mapping[str, ModelSpec], check_trained: CheckAdapter
) -> dict[str, str]:
    """Return the candidates, and the judge, whose files cannot be used, with all that is wrong.

    Args:
        project: The project.
        specs: The models that take part, by name.
        check_trained: Called for each adapter that is complete and fits its base.

    Raises:
        ModelError: With all problems of all models, if the baseline's files cannot be used, or no
            candidate's can.
    """
    found: dict[str, list[Problem]] = {}
    for name, spec in specs.items():
        if problems := list(_problems(project, spec, check_trained)):
            found[name] = problems
    candidates = specs.keys() - {BASELINE, JUDGE}
    if BASELINE in found or (candidates and candidates <= found.keys()):
        lines = [str(problem) for problems in found.values() for problem in problems]
        several = f"{len(lines)} problems with the models:\n  " if len(lines) > 1 else ""
        raise ModelError(several + "\n  ".join(lines))
    return {name: "; ".join(map(str, problems)) for name, problems in found.items()}


def _problems(project: Project, spec: ModelSpec, check_trained: CheckAdapter) -> Iterator[Problem]:
    whole = spec.name in (BASELINE, JUDGE)
    where = spec.name if whole else f"candidates.{spec.name}"
    file = str(project.path)
    has_model = whole or project.config.candidates[spec.name].model is not None
    if has_model and _is_missing(project, spec):
        message = (
            f"no such folder: {project.resolve(spec.model)}. Save the model there, or name "
            f"another folder or a model on the hub."
        )
        yield Problem(file, f"{where}.model", message)
    elif has_model and Path(spec.model).is_dir():
        try:
            _check_folder(Path(spec.model))
        except ModelError as error:
            yield Problem(file, f"{where}.model", str(error))
    elif has_model and not is_remote(spec.engine.name):
        check_hub()
    own = whole or project.config.candidates[spec.name].adapter is not None
    if spec.adapter is None or not own:
        return
    try:
        _check_adapter(spec, read_adapter(Path(spec.adapter)))
        check_trained(spec)
    except (ModelError, DataError) as error:
        yield Problem(file, f"{where}.adapter", str(error))


def _check_folder(folder: Path) -> None:
    """Check the headers of a model's weights and its configuration."""
    if (stray := folder / CONFIG_NAME).exists():
        raise ModelError(
            f"{stray}: an adapter's config in a model's folder, which transformers would silently "
            "apply to the model. Move it away with its weights; name an adapter with 'adapter'."
        )
    read_folder(folder)
    config = folder / "config.json"
    try:
        if config.is_file():
            json.loads(config.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{config}: broken JSON: {error}. Save the model again.") from error


def _check_adapter(spec: ModelSpec, files: AdapterFiles) -> None:
    if Path(spec.model).is_dir():
        check_fit(files, Path(spec.model))
    check_adapter(spec.engine.name, files)


def _is_missing(project: Project, spec: ModelSpec) -> bool:
    """Whether a model is a folder that is not there, and can be no name on the hub or a server.

    ``models`` is no account on the hub.
    """
    name = spec.model
    if is_remote(spec.engine.name) or Path(name).exists():
        return False
    if name.startswith((".", "/", "~", "models/")) or name.count("/") > 1:
        return True
    parent = project.resolve(name).parent
    return parent.is_dir() and parent.resolve() != project.root.resolve()
