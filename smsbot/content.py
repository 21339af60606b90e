"""Where flows/ and locales/ are: beside the installed package, or in the working copy; a municipality's folder overlays
both. The only module that reads them from disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from smsbot.errors import ContentError
from smsbot.text.words import LanguageWords, Named, overlay, parse_words

# BaseLoader builds nothing but text, lists and mappings: `no` stays a word, and nothing in a file is ever executed.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_PACKAGE = Path(__file__).resolve().parent


def built_in() -> Path:
    """The folder that holds the built-in `flows/` and `locales/`."""
    installed = _PACKAGE / "_content"
    return installed if installed.is_dir() else _PACKAGE.parent


@dataclass(frozen=True, slots=True)
class Content:
    """The built-in content and, over it, a municipality's folder of the same shape."""

    overlay: Path | None = None

    @property
    def roots(self) -> tuple[Path, ...]:
        """Built-in first, the overlay last."""
        return (built_in(),) if self.overlay is None else (built_in(), self.overlay)

    def flow_files(self) -> dict[str, Path]:
        """Name of the flow → its file; the overlay's replaces the built-in one of the same name."""
        return {path.stem: path for root in self.roots for path in sorted((root / "flows").glob("*.yaml"))}

    def transcript_files(self) -> list[Path]:
        found = {
            path.relative_to(root / "flows" / "transcripts"): path
            for root in self.roots
            for path in sorted((root / "flows" / "transcripts").rglob("*.txt"))
        }
        return [found[key] for key in sorted(found)]

    def catalogue_files(self) -> dict[str, list[Path]]:
        """Language → its `smsbot.po` files, built-in first; later ones override."""
        return self._by_language(Path("LC_MESSAGES") / "smsbot.po")

    def keyword_files(self) -> dict[str, list[Path]]:
        """Language → its `keywords.yaml` files, built-in first; later ones add."""
        return self._by_language(Path("keywords.yaml"))

    def languages(self) -> tuple[str, ...]:
        """Every language that has keywords, in alphabetical order."""
        return tuple(sorted(self.keyword_files()))

    def topics(self) -> list[Named]:
        """The topics a new installation starts with: the overlay's `locales/topics.yaml`, else the built-in one."""
        path = [
            root / "locales" / "topics.yaml" for root in self.roots if (root / "locales" / "topics.yaml").is_file()
        ][-1]
        data, lines = read_yaml(path)
        entries = data.get("topics")
        if not isinstance(entries, list):
            raise ContentError("a list `topics` is expected", file=str(path))
        return [_topic(entry, path, lines) for entry in entries]

    def budget_files(self) -> list[Path]:
        """How many parts each sentence may take: the built-in `locales/budgets.yaml`, then the overlay's."""
        return [path for root in self.roots if (path := root / "locales" / "budgets.yaml").is_file()]

    def sender_files(self) -> list[Path]:
        """What machines text, in every language there is: the bot's own languages do not matter to them."""
        found = [path for paths in self._by_language(Path("senders.yaml")).values() for path in paths]
        return sorted(found)

    def _by_language(self, name: Path) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for root in self.roots:
            for path in sorted((root / "locales").glob(f"*/{name.as_posix()}")):
                found.setdefault(path.relative_to(root / "locales").parts[0], []).append(path)
        return dict(sorted(found.items()))


def load_keywords(folder: Path | None = None, languages: tuple[str, ...] | None = None) -> list[LanguageWords]:
    """The keyword files of *languages* (all that exist, if None), in that order, with the overlay's words added."""
    files = Content(folder).keyword_files()
    result = []
    for language in languages if languages is not None else tuple(files):
        merged: LanguageWords | None = None
        for path in files.get(language, []):
            data, lines = read_yaml(path)
            entry = parse_words(language, data, file=str(path), lines=lines)
            merged = entry if merged is None else overlay(merged, entry)
        if merged is not None:
            result.append(merged)
    return result


def read_yaml(path: Path) -> tuple[Mapping[str, object], dict[str, int]]:
    """A YAML mapping with every scalar as text, and the line each scalar first stands on. Raises ContentError."""
    try:
        source = path.read_text(encoding="utf-8")
        loader = _LOADER(source)
        try:
            root = loader.get_single_node()
            data = loader.construct_document(root) if root is not None else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ContentError(f"not readable as YAML: {error.problem}", file=str(path), line=line) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"not readable: {error}", file=str(path)) from error
    if not isinstance(data, dict):
        raise ContentError("a mapping is expected", file=str(path))
    lines: dict[str, int] = {}
    _note_lines(root, lines)
    return data, lines


def _note_lines(node: yaml.Node | None, lines: dict[str, int]) -> None:
    if isinstance(node, yaml.ScalarNode):
        lines.setdefault(node.value, node.start_mark.line + 1)
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _note_lines(child, lines)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _note_lines(key, lines)
            _note_lines(value, lines)


def _topic(entry: object, path: Path, lines: Mapping[str, int]) -> Named:
    match entry:
        case {"code": str(code), "number": str(number), "names": dict(names), **rest} if number.isdecimal():
            listed = rest.get("words", [])
            if isinstance(listed, list):
                return Named(code, int(number), {str(k): str(v) for k, v in names.items()}, tuple(map(str, listed)))
    code = entry.get("code", "") if isinstance(entry, dict) else ""
    raise ContentError("a topic needs code, number, names and a list of words", file=str(path), line=lines.get(code))
