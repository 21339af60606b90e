"""Where flows/ and locales/ are: beside the installed package, or in the working copy; a municipality's folder overlays
both. The only module that reads them from disk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from smsbot.errors import ContentError
from smsbot.text.words import LanguageWords, Named, overlay, parse_words

# BaseLoader builds nothing but text, lists and mappings: `no` stays a word, and nothing in a file is ever executed.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
PLACE_CODE = re.compile(r"[a-z0-9_-]{1,64}")
_PACKAGE = Path(__file__).resolve().parent


def built_in() -> Path:
    """The folder that holds the built-in `flows/` and `locales/`."""
    installed = _PACKAGE / "_content"
    return installed if installed.is_dir() else _PACKAGE.parent


@dataclass(frozen=True, slots=True)
class Content:
    """The built-in content; over it a ready example of the same shape (`guria`, or `guria/PLACE` for a part of it);
    over both a municipality's folder."""

    overlay: Path | None = None
    example: str | None = None

    @property
    def roots(self) -> tuple[Path, ...]:
        """Built-in first, the overlay last. Raises ContentError if there is no such example."""
        found = [built_in()]
        if self.example is not None:
            found.append(_example(self.example.partition("/")[0]))
        if self.overlay is not None:
            found.append(self.overlay)
        return tuple(found)

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
        """The topics a new installation starts with: the overlay's `locales/topics.yaml`, else the example's, else
        the built-in one."""
        path, entries, lines = self._listed("topics")
        return [_topic(entry, path, lines) for entry in entries]

    def budget_files(self) -> list[Path]:
        """How many parts each sentence may take: the built-in `locales/budgets.yaml`, then the overlay's."""
        return [path for root in self.roots if (path := root / "locales" / "budgets.yaml").is_file()]

    def sender_files(self) -> list[Path]:
        """What machines text, in every language there is: the bot's own languages do not matter to them."""
        found = [path for paths in self._by_language(Path("senders.yaml")).values() for path in paths]
        return sorted(found)

    def places(self) -> list[Named]:
        """The places it starts with, from `locales/places.yaml` likewise; of the example only the part that is named.
        There are no built-in ones. A place stands behind the one it lies in."""
        path, entries, lines = self._listed("places")
        found = [_place(entry, path, lines) for entry in entries]
        seen: dict[str, str | None] = {}
        for place in found:
            if place.code in seen:
                raise ContentError(f"the place {place.code} stands here twice", file=str(path), line=lines[place.code])
            if place.parent is not None and place.parent not in seen:
                what = f"the place {place.parent}, in which {place.code} lies, must stand before it"
                raise ContentError(what, file=str(path), line=lines[place.code])
            seen[place.code] = place.parent
        part = (self.example or "").partition("/")[2]
        ours = self.example is not None and path.is_relative_to(_example(self.example.partition("/")[0]))
        return _part_of(found, part, path) if part and ours else found

    def _listed(self, kind: str) -> tuple[Path, list[object], dict[str, int]]:
        """The list *kind* of the last root that has one."""
        files = [root / "locales" / f"{kind}.yaml" for root in self.roots]
        path = next((path for path in reversed(files) if path.is_file()), None)
        if path is None:
            return files[0], [], {}
        data, lines = read_yaml(path)
        entries = data.get(kind)
        if not isinstance(entries, list):
            raise ContentError(f"a list `{kind}` is expected", file=str(path))
        return path, entries, lines

    def _by_language(self, name: Path) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for root in self.roots:
            for path in sorted((root / "locales").glob(f"*/{name.as_posix()}")):
                found.setdefault(path.relative_to(root / "locales").parts[0], []).append(path)
        return dict(sorted(found.items()))


def load_keywords(folder: Path | None = None, languages: tuple[str, ...] | None = None) -> list[LanguageWords]:
    """The keyword files of *languages* (all that exist, if None), in that order, with the overlay's words added."""
    merged: dict[str, LanguageWords] = {}
    for entry in keyword_parts(folder, languages):
        merged[entry.language] = overlay(merged[entry.language], entry) if entry.language in merged else entry
    return list(merged.values())


def keyword_parts(folder: Path | None = None, languages: tuple[str, ...] | None = None) -> list[LanguageWords]:
    """The same, each file apart, so that a fault can be told with the file it stands in."""
    files = Content(folder).keyword_files()
    result = []
    for language in languages if languages is not None else tuple(files):
        for path in files.get(language, []):
            data, lines = read_yaml(path)
            result.append(parse_words(language, data, file=str(path), lines=lines))
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


def _example(name: str) -> Path:
    folder = built_in() / "examples"
    known = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if name not in known:
        shown = name if name.isalnum() and len(name) <= 32 else "of this name"
        raise ContentError(f"there is no example {shown}; there are: {', '.join(known)}", file="service.example")
    return folder / name


def _part_of(places: list[Named], code: str, path: Path) -> list[Named]:
    """The place *code* and all below it."""
    kept = [place for place in places if place.code == code]
    if not kept:
        tops = ", ".join(place.code for place in places if place.parent is None)
        raise ContentError(f"the example has no such place; it begins with: {tops}", file=str(path))
    inside = {code}
    for place in places:
        if place.parent in inside:
            inside.add(place.code)
            kept.append(place)
    return [replace(kept[0], parent=None), *kept[1:]]


def _place(entry: object, path: Path, lines: Mapping[str, int]) -> Named:
    match entry:
        case {"code": str(code), "names": dict(names), **rest} if names:
            listed, parent = rest.get("words", []), rest.get("parent")
            if isinstance(listed, list) and (parent is None or isinstance(parent, str)) and PLACE_CODE.fullmatch(code):
                words = tuple(map(str, listed))
                return Named(code, None, {str(k): str(v) for k, v in names.items()}, words, parent)
    code = entry.get("code", "") if isinstance(entry, dict) else ""
    what = "a place needs a code (small letters, digits, - and _), names, and perhaps parent and a list of words"
    raise ContentError(what, file=str(path), line=lines.get(code))


def _topic(entry: object, path: Path, lines: Mapping[str, int]) -> Named:
    match entry:
        case {"code": str(code), "number": str(number), "names": dict(names), **rest} if number.isdecimal():
            listed = rest.get("words", [])
            if isinstance(listed, list):
                return Named(code, int(number), {str(k): str(v) for k, v in names.items()}, tuple(map(str, listed)))
    code = entry.get("code", "") if isinstance(entry, dict) else ""
    raise ContentError("a topic needs code, number, names and a list of words", file=str(path), line=lines.get(code))
