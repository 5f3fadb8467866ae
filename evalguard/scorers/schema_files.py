"""JSON schemas in files, bundled into the schema that refers to them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

BASE = "schema-file:/"
"""Base of the identifiers that files get within the schema."""


def with_files(schema: object, folder: Path) -> object:
    """Return a schema that contains the files that it refers to.

    What is measured then depends on the schema alone: a changed file is a changed option.

    Args:
        schema: A schema, or the path of a file with one (JSON or YAML).
        folder: Folder that paths are relative to; those in a file are relative to that file.

    Raises:
        ValueError: If a file is missing or holds no schema.
    """
    place = PurePosixPath()
    if isinstance(schema, str):
        place = PurePosixPath(schema)
        schema = _read(folder, place)
    if not isinstance(schema, dict):
        return schema
    files: dict[str, Any] = {}
    bundled = _renamed(schema, place.parent, folder, files)
    if files:
        # Draft 7 and older look for embedded schemas under another key.
        key = "definitions" if "draft-0" in str(schema.get("$schema", "")) else "$defs"
        bundled[key] = {**bundled.get(key, {}), **files}
    return bundled


def named_files(schema: object, folder: Path) -> tuple[Path, ...]:
    """Return the files that :func:`with_files` reads.

    Raises:
        ValueError: As :func:`with_files`.
    """
    place = PurePosixPath()
    if first := isinstance(schema, str):
        place = PurePosixPath(str(schema))
        schema = _read(folder, place)
    files: dict[str, Any] = {}
    _renamed(schema, place.parent, folder, files)
    names = [*([place.as_posix()] if first else []), *(one.removeprefix(BASE) for one in files)]
    return tuple(folder / Path(name).expanduser() for name in dict.fromkeys(names))


def _renamed(schema: Any, parent: PurePosixPath, folder: Path, files: dict[str, Any]) -> Any:
    """Return a schema whose references to files are identifiers; reads the files into ``files``."""
    if isinstance(schema, list):
        return [_renamed(one, parent, folder, files) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _renamed(value, parent, folder, files) for key, value in schema.items()}
    reference = schema.get("$ref")
    if isinstance(reference, str) and _is_file_reference(reference):
        path, mark, fragment = reference.partition("#")
        place = _joined(parent, path)
        name = BASE + place.as_posix()
        if name not in files:
            files[name] = {}  # a file that refers to itself is read once
            content = _read(folder, place)
            files[name] = {**_renamed(content, place.parent, folder, files), "$id": name}
        found["$ref"] = name + mark + fragment
    return found


def _is_file_reference(reference: str) -> bool:
    return not reference.startswith("#") and ":" not in reference.partition("#")[0]


def _joined(parent: PurePosixPath, path: str) -> PurePosixPath:
    """Return a path with its ``..`` resolved where there is a folder to leave."""
    parts: list[str] = []
    for part in (parent / path).parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        else:
            parts.append(part)
    return PurePosixPath(*parts)


def _read(folder: Path, place: PurePosixPath) -> dict[str, Any]:
    """Return the schema of a file."""
    import yaml

    path = folder / Path(place).expanduser()
    if not path.is_file():
        raise ValueError(f"no such file: {path}")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{path}: not JSON or YAML: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: a JSON schema is a mapping, not {type(content).__name__}")
    return content
