"""Connections: named sets of fields whose secret values stand in the environment, never in a file.

    url: env:IPAAS_SQL_URL?sqlite:///${IPAAS_STATE}/sql.db     a variable, and a default where no secret is
    concerned password: env:WAREHOUSE_PASSWORD                           a secret: only ever a variable
    format: jsonl                                              what is no secret may stand as it is

`${NAME}` inside a text is replaced by that variable (IPAAS_STATE and IPAAS_CONFIG are always known). A
variable that is absent or empty switches the system off; it is no error. Values never show in repr, logs or
exceptions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ipaas_dagster.mapping.declared import Declared, load
from ipaas_dagster.settings import Settings

FILE = "presets.yaml"

_REFERENCE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)(?:\?(.*))?", re.DOTALL)
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRET_NAME = re.compile(r"pass(word|wd|phrase)|secret|token|credential|(^|_)(key|pwd|auth)(_|$)|apikey|private", re.I)
_NO_SECRET_NAME = re.compile(r"_(url|file|path|id|name|field|header|seconds)$", re.I)
_PASSWORD_IN_URL = re.compile(r"://[^/?#\s]*?:(?P<password>.*)@", re.DOTALL)
_SECRET_IN_QUERY = re.compile(r"[?&;](?:password|passwd|pwd|secret|token|sig|api_?key)=(?P<password>[^&;]*)", re.I)


class Missing(NamedTuple):
    """The first environment variable that a preset needs and does not find."""

    field: str
    variable: str


@dataclass(frozen=True)
class Preset:
    """A connection ready for use; `fields` hold real secrets, so they show nowhere."""

    name: str
    fields: Mapping[str, str] = field(repr=False)
    missing: Missing | None = None
    secrets: frozenset[str] = frozenset()
    """Names of the fields whose values must never be shown."""

    @property
    def switched_off(self) -> str | None:
        """A sentence for people, or None where nothing is missing."""
        if self.missing is None:
            return None
        field, variable = self.missing
        return f"preset {self.name!r}: field {field!r} needs the environment variable {variable}"

    def shown(self) -> dict[str, str]:
        """The fields as they may be shown: secrets as `***`."""
        return {name: "***" if name in self.secrets else value for name, value in self.fields.items()}


@dataclass(frozen=True)
class Presets:
    """The presets file, checked; values are still references."""

    declared: Declared = field(repr=False)
    fields: Mapping[str, Mapping[str, Any]] = field(repr=False)

    def resolve(self, name: str, settings: Settings) -> Preset:
        """Raises DeclarationError for a name that is not there."""
        if name not in self.fields:
            raise self.declared.error((), f"unknown preset {name!r}", given=name, allowed=tuple(self.fields))
        variables = {
            **settings.environment,
            "IPAAS_STATE": str(settings.state),
            "IPAAS_CONFIG": str(settings.config),
        }
        values: dict[str, str] = {}
        missing: Missing | None = None
        for field_name, words in self.fields[name].items():
            if words is None:
                continue
            value = _value(words, variables)
            if isinstance(value, str):
                values[field_name] = value
            else:
                missing = missing or Missing(field_name, value[0])
        secrets = frozenset(one for one, value in values.items() if looks_secret(one) or _holds_secret(value))
        return Preset(name, values, missing, secrets)


def resolve(settings: Settings, name: str) -> Preset:
    """The preset of that name in the configuration folder, with this environment's values."""
    return load_presets(settings.config).resolve(name, settings)


def load_presets(folder: Path) -> Presets:
    """Raises DeclarationError; for a secret that stands in the file too, without repeating it."""
    from ipaas_dagster.mapping.form import check_form
    from ipaas_dagster.mapping.language import PresetsFile

    declared = load(folder / FILE)
    presets = check_form(PresetsFile, declared).root
    for name, fields in presets.items():
        for field_name, words in fields.items():
            _refuse_secret(declared, name, field_name, words)
    return Presets(declared, presets)


def looks_secret(field_name: str) -> bool:
    return bool(_SECRET_NAME.search(field_name)) and not _NO_SECRET_NAME.search(field_name)


def _refuse_secret(declared: Declared, preset: str, field_name: str, words: Any) -> None:
    where, text = (preset, field_name), str(words)
    reference = _REFERENCE.fullmatch(text)
    if text.startswith("env:") and reference is None:
        raise declared.error(where, f"{field_name!r} must be env:NAME or env:NAME?default")
    literal = text if reference is None else reference[2]
    if literal is None:
        return
    if looks_secret(field_name):
        raise declared.error(where, f"{field_name!r} is a secret: write env:NAME and put it in the environment")
    if _holds_secret(literal, but_variables=True):
        message = f"{field_name!r} holds a password: write env:NAME for all of it, or ${{NAME}} in its place"
        raise declared.error(where, message)


def _holds_secret(text: str, *, but_variables: bool = False) -> bool:
    found = [match["password"] for pattern in (_PASSWORD_IN_URL, _SECRET_IN_QUERY) if (match := pattern.search(text))]
    return any(one and not (but_variables and _VARIABLE.fullmatch(one)) for one in found)


def _value(words: Any, variables: Mapping[str, str]) -> str | tuple[str]:
    """The value, or (the name of the variable that is missing,)."""
    text = str(words).lower() if isinstance(words, bool) else str(words)
    if reference := _REFERENCE.fullmatch(text):
        name, default = reference[1], reference[2]
        if given := variables.get(name):
            return given
        if default is None:
            return (name,)
        text = default
    needed = _VARIABLE.findall(text)
    for name in needed:
        if not variables.get(name):
            return (name,)
    return _VARIABLE.sub(lambda match: variables[match[1]], text)
