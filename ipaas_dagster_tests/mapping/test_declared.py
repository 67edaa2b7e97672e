from __future__ import annotations

from pathlib import Path

import pytest

from ipaas_dagster.errors import DeclarationError
from ipaas_dagster.mapping.declared import load, parse

TEXT = """\
# a comment
first:
  name: one
  list:
    - a
    - {b: 2}
second: {x: 1,
         y: 2}
"""


def test_every_name_and_element_knows_its_line() -> None:
    declared = parse(TEXT, "f.yaml")
    places = {("first",): 2, ("first", "name"): 3, ("first", "list", 0): 5, ("first", "list", 1, "b"): 6}
    assert {where: declared.line(where) for where in places} == places
    assert declared.line(("second", "y")) == 8
    assert declared.line(("second", "missing", "deeper")) == 7


def test_what_looks_like_text_stays_text() -> None:
    declared = parse("a: NO\nb: on\nc: 2026-01-31\nd: 12:30\ne: 007\nf: '12'\ng: 1e5\n", "f.yaml")
    assert declared.data == {
        "a": "NO",
        "b": "on",
        "c": "2026-01-31",
        "d": "12:30",
        "e": "007",
        "f": "12",
        "g": "1e5",
    }


def test_numbers_booleans_and_nothing_are_read() -> None:
    assert parse("a: 12\nb: -3\nc: 1.5\nd: true\ne: null\nf:\ng: ''\n", "f.yaml").data == {
        "a": 12,
        "b": -3,
        "c": 1.5,
        "d": True,
        "e": None,
        "f": None,
        "g": "",
    }


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", 4, "twice, first on line 3"),
        ("a: !!python/object:os.system {}\n", 1, "tag"),
        ("a: !secret x\n", 1, "tag"),
        ("a: [1\nb: 2\n", 2, "not YAML"),
        ("a: 1\n\tb: 2\n", 2, "not YAML"),
        ("a: &x\n  b: *x\n", 1, "too deeply"),
        ("- a\n", 1, "names and values"),
        ("? [a]\n: b\n", 1, "a name must be plain text"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(DeclarationError, match=says) as caught:
        parse(text, "f.yaml")
    assert (caught.value.file, caught.value.line) == ("f.yaml", line)


def test_a_missing_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"nowhere\.yaml: there is no such file; IPAAS_CONFIG"):
        load(tmp_path / "nowhere.yaml")


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_bytes(b"a: \xff")
    with pytest.raises(DeclarationError, match="UTF-8"):
        load(tmp_path / "f.yaml")
