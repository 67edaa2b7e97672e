"""What the documents say is true: every command they name exists with its options, and every path is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))
MADE_LATER = ("data/state", "data/demo", "data/distributed", ".env", ".venv", "/var/lib")


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def commands_in(document: str) -> Iterator[list[str]]:
    """Commands as a reader would type them: lines of `sh` blocks, and code that begins with a program's name."""
    text = text_of(document)
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    lines += re.findall(r"`((?:ipaas|make|dg|dagster) [a-z][^`]*)`", text)
    for line in lines:
        words = shlex.split(line, comments=True)
        if words:
            yield words


ALL_COMMANDS = sorted({tuple(words) for document in DOCUMENTS for words in commands_in(document)})


@cache
def program(name: str) -> Any:
    if name == "ipaas":
        from typer.main import get_command

        from ipaas_dagster.cli.app import app

        return get_command(app)
    if name == "dg":
        from dagster_dg_cli.cli import cli

        return cli
    from dagster._cli import create_dagster_cli

    return create_dagster_cli()


@pytest.mark.parametrize("words", [w for w in ALL_COMMANDS if w[0] != "make"], ids=" ".join)
def test_a_command_exists_with_its_options(words: tuple[str, ...]) -> None:
    command, rest = program(words[0]), list(words[1:])
    while hasattr(command, "get_command"):
        if command.invoke_without_command and (not rest or rest[0].startswith("-")):
            break  # it does something of its own
        assert rest, f"{words} names no command"
        name = rest.pop(0)
        found = command.get_command(None, name)
        assert found is not None, f"{name!r} does not exist"
        command = found
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("-")} <= known


@pytest.mark.parametrize("words", [w for w in ALL_COMMANDS if w[0] == "make"], ids=" ".join)
def test_a_make_target_exists_and_is_explained(words: tuple[str, ...]) -> None:
    explained = re.findall(r"^([a-z-]+):.*## .", text_of("Makefile"), re.MULTILINE)
    assert words[1] in explained


def test_the_documents_name_commands_at_all() -> None:
    assert {words[0] for words in ALL_COMMANDS} == {"ipaas", "make", "dg", "dagster"}
    assert len(ALL_COMMANDS) > 30


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_are_there(document: str) -> None:
    named = set(re.findall(r"`([\w./-]+)`", text_of(document)))
    paths = {name for name in named if _is_path(name) and not name.startswith(MADE_LATER)}
    assert {path for path in paths if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_and_pictures_are_there(document: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", text_of(document))
    assert [link for link in links if not (ROOT / document).parent.joinpath(link).exists()] == []


def test_every_command_is_in_the_readme() -> None:
    """Each command at least once, so that nobody has to read the source to find one."""
    readme = text_of("README.md")
    names = [name for name, command in program("ipaas").commands.items() if not hasattr(command, "get_command")]
    names += [
        f"{group} {name}"
        for group, found in program("ipaas").commands.items()
        if hasattr(found, "get_command")
        for name in found.commands
    ]
    assert [name for name in names if f"ipaas {name}" not in readme] == []


def test_every_variable_of_the_settings_is_in_a_document() -> None:
    source = text_of("ipaas_dagster/settings.py")
    variables = set(re.findall(r'"((?:IPAAS|INSTAGAZE)_[A-Z_]+)"', source))
    documented = "".join(text_of(document) for document in DOCUMENTS)
    assert {name for name in variables if name not in documented} == set()


@pytest.mark.parametrize("document", [*DOCUMENTS, "CHANGELOG.md"])
def test_documents_say_nothing_of_somebody_else_s_machine(document: str) -> None:
    assert re.findall(r"/(?:root|home|work|tmp)/\S*", text_of(document)) == []


def _is_path(name: str) -> bool:
    """Whether a word in code marks is a file or folder of the project, and not a key of an asset or of the API."""
    top = name.split("/", 1)[0]
    return bool(top) and (ROOT / top).exists() and ("/" in name or "." in name)
