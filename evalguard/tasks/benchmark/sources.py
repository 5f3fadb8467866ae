"""A task file of lm-eval with all that it includes and names, read without importing lm-eval.

The files that are hashed and those that lm-eval loads both come from here, so they cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from evalguard.code.files import files_reached

BUILDERS = ("arrow", "csv", "json", "pandas", "parquet", "text", "xml")
"""Values of ``dataset_path`` that read local files."""

_REMOTE = ("://", "::")


class TaskFileError(ValueError):
    """A task, its file, or a file that it names, cannot be used.

    Args:
        path: The file at fault; ``None`` where it is the task as a whole.
        problems: Keys of the file, and what is wrong there; the key is empty for the whole file.
    """

    def __init__(self, path: Path | None, *problems: tuple[str, str]) -> None:
        self.path = path
        self.problems = problems
        where = [str(path)] if path else []
        super().__init__("\n".join(": ".join(filter(None, [*where, *one])) for one in problems))


@dataclass(frozen=True, slots=True)
class Function:
    """``!function module.name``: code that the task runs, and the folder to search for it."""

    name: str
    folder: Path

    @property
    def module(self) -> str:
        """The name of the module that defines it."""
        return self.name.rpartition(".")[0]

    @property
    def file(self) -> Path:
        """The file of the module if it is in the folder, which lm-eval looks for first."""
        return self.folder / f"{self.module.replace('.', '/')}.py"


@dataclass(frozen=True, slots=True)
class TaskSource:
    """A resolved task file.

    Attributes:
        path: The file.
        config: Its keys, those of included files below its own. Paths of data are absolute, and
            functions are :class:`Function`.
        files: Every local file that decides what the task asks and how it scores.
        complete: Whether nothing else takes part, such as a data set of the hub.
    """

    path: Path
    config: Mapping[str, Any]
    files: tuple[Path, ...]
    complete: bool

    @property
    def is_group(self) -> bool:
        """Whether it lists other tasks instead of being one."""
        return isinstance(self.config.get("task"), list) or (
            "group" in self.config and "dataset_path" not in self.config
        )

    @property
    def data(self) -> dict[str, Any]:
        """The keys that say where its data are, as they must be given to lm-eval."""
        keys = ("dataset_path", "dataset_name", "dataset_kwargs")
        return {key: self.config[key] for key in keys if key in self.config}


def read_source(path: Path) -> TaskSource:
    """Read a task file, what it includes, and find the files that it names.

    Data files and folders are relative to the file that names them.

    Raises:
        TaskFileError: If a file is missing, is not YAML or includes itself.
    """
    files: dict[Path, None] = {}
    config, folders = _merged(path.resolve(), files, ())
    _resolve_data(path, config, folders)
    complete = "class" not in config and not isinstance(config.get("task"), list)
    for function in functions_of(config):
        reached = _code_of(function)
        complete &= bool(reached)
        files.update(dict.fromkeys(reached))
    data = tuple(_data_files(config))
    files.update(dict.fromkeys(data))
    return TaskSource(
        path=path,
        config=config,
        files=tuple(sorted(files)),
        complete=complete and bool(data) and "custom_dataset" not in config,
    )


def data_of(path: Path, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return where the data of a task are that a group file defines among its members.

    Raises:
        TaskFileError: As :func:`read_source`.
    """
    config, folders = _merged(path.resolve(), {}, (), entry)
    _resolve_data(path, config, folders)
    return TaskSource(path=path, config=config, files=(), complete=False).data


def files_of(path: Path) -> tuple[Path, ...] | None:
    """Return every local file that decides what a task file asks and how it scores.

    Returns:
        The file, what it includes, its data and its Python files; ``None`` where something else
        takes part, such as a data set of the hub or other tasks.
    """
    try:
        source = read_source(path)
    except TaskFileError:
        return None  # loading the task says what is wrong with it
    return source.files if source.complete else None


def data_files(options: Mapping[str, Any] | None, split: str | None = None) -> list[Path]:
    """Return the local files of a task's ``dataset_kwargs``, of one split or of all."""
    files = (options or {}).get("data_files")
    named = files.get(split) if isinstance(files, Mapping) and split is not None else files
    return [Path(text) for text in _texts(named) if Path(text).is_file()]


def data_file(options: Mapping[str, Any] | None, split: str) -> Path | None:
    """Return the file that a split is read from; ``None`` where it is not a single local one.

    Args:
        options: The task's ``dataset_kwargs``.
        split: Name of the split.
    """
    files = data_files(options, split)
    return files[0] if len(files) == 1 else None


def shown_path(path: Path) -> str:
    """Return a path relative to the working folder if it is inside."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def functions_of(value: Any) -> Iterator[Function]:
    """Yield every ``!function`` within a value."""
    if isinstance(value, Function):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from functions_of(item)


def _merged(
    path: Path,
    files: dict[Path, None],
    within: tuple[Path, ...],
    entry: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], dict[str, Path]]:
    """Return the keys of a file over those that it includes, and the folder that each is from."""
    if path in within:
        raise TaskFileError(path, ("include", "the file includes itself"))
    own = _parsed(path) if entry is None else dict(entry)
    files[path] = None
    includes = own.pop("include", None) or []
    merged: dict[str, Any] = {}
    folders: dict[str, Path] = {}
    for included in includes if isinstance(includes, list) else [includes]:
        place = (path.parent / str(included)).resolve()
        below, below_folders = _merged(place, files, (*within, path))
        below.pop("task_list", None)
        merged |= below
        folders |= below_folders
    return merged | own, folders | dict.fromkeys(own, path.parent)


def _parsed(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise TaskFileError(path, ("", "no such file"))

    class Loader(yaml.SafeLoader):
        pass

    def function(loader: yaml.SafeLoader, node: yaml.Node) -> Function:
        name = str(loader.construct_scalar(node)) if isinstance(node, yaml.ScalarNode) else ""
        if not re.fullmatch(r"[\w.-]*\w\.\w+", name):
            raise yaml.MarkedYAMLError(
                problem=f"'!function {name}' names no function; write '!function MODULE.FUNCTION'",
                problem_mark=node.start_mark,
            )
        return Function(name, path.parent)

    Loader.add_constructor("!function", function)
    try:
        parsed = yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)  # noqa: S506 - safe
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TaskFileError(path, ("", f"not YAML: {_syntax_fault(error)}")) from error
    if not isinstance(parsed, dict):
        raise TaskFileError(path, ("", "no keys; a task file starts with 'task: NAME'"))
    return parsed


def _syntax_fault(error: yaml.YAMLError | UnicodeDecodeError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return " ".join(str(error).split())


def _code_of(function: Function) -> tuple[Path, ...]:
    """Return the files of a function; none if it is of an installed package or cannot be read."""
    path = function.file
    try:
        return files_reached(path) if path.is_file() else ()
    except (OSError, SyntaxError):
        return ()  # importing the task says what is wrong with it


def _resolve_data(path: Path, config: dict[str, Any], folders: Mapping[str, Path]) -> None:
    """Make the paths of the data absolute, with globs and folders expanded."""
    source = config.get("dataset_path")
    if isinstance(source, str) and source not in BUILDERS:
        place = folders["dataset_path"] / source
        config["dataset_path"] = str(place.resolve()) if place.exists() else source
    options = config.get("dataset_kwargs")
    if not isinstance(options, dict):
        return
    folder = folders["dataset_kwargs"]
    options = config["dataset_kwargs"] = dict(options)
    if options.get("data_files") is not None:
        try:
            options["data_files"] = _absolute(folder, options["data_files"])
        except FileNotFoundError as error:
            raise TaskFileError(path, ("dataset_kwargs.data_files", f"{error}")) from error
        for file in map(Path, _texts(options["data_files"])):
            if file.is_file() and _is_blank(file):
                raise TaskFileError(file, ("", "no rows: the file is empty"))
    if isinstance(options.get("data_dir"), str) and (folder / options["data_dir"]).is_dir():
        options["data_dir"] = str((folder / options["data_dir"]).resolve())


def _is_blank(file: Path) -> bool:
    with file.open("rb") as opened:
        return not opened.read(4096).strip() and not opened.read(1)


def _absolute(folder: Path, files: Any) -> Any:
    if isinstance(files, Mapping):
        return {split: _absolute(folder, value) for split, value in files.items()}
    if isinstance(files, list):
        return [file for value in files for file in _as_list(_absolute(folder, value))]
    text = str(files)
    if any(sign in text for sign in _REMOTE):
        return text
    path = (folder / text).expanduser()
    if path.is_file():
        return str(path.resolve())
    found = sorted(_in_folder(path) if path.is_dir() else _matching(folder, text))
    if not found:
        raise FileNotFoundError(f"no such file: {path.resolve()}")
    return [str(file.resolve()) for file in found]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _matching(folder: Path, pattern: str) -> Iterator[Path]:
    """Yield the files that a pattern with ``*``, ``?``, ``[…]`` or ``**`` names."""
    parts = Path(pattern).parts
    fixed = [part for part in parts if not any(sign in part for sign in "*?[")]
    if len(fixed) == len(parts):
        return
    first = next(i for i, part in enumerate(parts) if any(sign in part for sign in "*?["))
    root = folder.joinpath(*parts[:first])
    yield from (file for file in root.glob("/".join(parts[first:])) if file.is_file())


def _in_folder(folder: Path) -> Iterator[Path]:
    """Yield the data files in a folder, hidden ones left out."""
    for file in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if file.is_file() and not hidden:
            yield file


def _data_files(config: Mapping[str, Any]) -> Iterator[Path]:
    """Yield every local file of the data; none where some of the data are elsewhere."""
    options = config.get("dataset_kwargs") or {}
    source = str(config.get("dataset_path") or "")
    if Path(source).is_absolute() and Path(source).is_dir():
        yield from _in_folder(Path(source))
    elif source in BUILDERS:
        named = [Path(text) for text in _texts(options.get("data_files"))]
        if not all(path.is_file() for path in named):
            return
        yield from named
        if "data_dir" in options and Path(options["data_dir"]).is_dir():
            yield from _in_folder(Path(options["data_dir"]))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
