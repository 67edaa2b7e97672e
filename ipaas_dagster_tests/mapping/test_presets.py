from __future__ import annotations

import dataclasses
import traceback
from pathlib import Path

import pytest

from ipaas_dagster.errors import DeclarationError
from ipaas_dagster.mapping import load_presets, load_worksheet, resolve
from ipaas_dagster.settings import Settings

SECRET = "s3cret-Value"


def write(config: Path, text: str) -> None:
    (config / "presets.yaml").write_text(text)


def with_environment(settings: Settings, **variables: str) -> Settings:
    return dataclasses.replace(settings, environment={**settings.environment, **variables})


def test_without_any_variable_the_default_connections_stand_in_the_state_folder(settings: Settings) -> None:
    assert resolve(settings, "sql").fields == {"url": f"sqlite:///{settings.state}/sql.db"}
    assert resolve(settings, "files").fields == {"folder": f"{settings.state}/files", "format": "jsonl"}


def test_a_variable_replaces_the_default_unless_it_is_empty(settings: Settings) -> None:
    given = with_environment(settings, IPAAS_FILES_FORMAT="csv", IPAAS_FILES_FOLDER="")
    assert resolve(given, "files").fields == {"folder": f"{settings.state}/files", "format": "csv"}


def test_a_missing_variable_switches_the_system_off_and_is_named(config: Path, settings: Settings) -> None:
    write(config, "sql: {url: env:WAREHOUSE_URL}\nfiles: {folder: '${EXPORTS}/out'}\n")
    preset = resolve(settings, "sql")
    assert preset.missing == ("url", "WAREHOUSE_URL")
    assert "url" not in preset.fields
    worksheet = load_worksheet(config)
    assert worksheet.switched_off("sql", settings) == (
        "preset 'sql': field 'url' needs the environment variable WAREHOUSE_URL"
    )
    assert resolve(settings, "files").missing == ("folder", "EXPORTS")
    assert worksheet.switched_off("files", with_environment(settings, EXPORTS="/mnt")) is None


def test_a_variable_is_never_expanded_again(config: Path, settings: Settings) -> None:
    write(config, "sql: {url: 'env:URL'}\nfiles: {folder: 'x${A}'}\n")
    given = with_environment(settings, URL="sqlite:///${HOME}?a", A="${B}", B="no")
    assert resolve(given, "sql").fields["url"] == "sqlite:///${HOME}?a"
    assert resolve(given, "files").fields["folder"] == "x${B}"


@pytest.mark.parametrize(
    "line",
    [
        f"password: {SECRET}",
        f"client_secret: {SECRET}",
        f"api_key: {SECRET}",
        f"access_token: {SECRET}",
        f"token: env:TOKEN?{SECRET}",
        f"private_key: {SECRET}",
        f"url: postgresql://user:{SECRET}@host/db",
        f"url: env:URL?postgresql://user:{SECRET}@host/db",
        f"url: postgresql://user:a/b@{SECRET}@host/db",
        f"url: 'mssql://host/db?user=u&password={SECRET}'",
        f"password: 12345  # {SECRET}",
    ],
)
def test_a_secret_in_the_file_is_refused_by_line_and_never_repeated(config: Path, line: str) -> None:
    write(config, f"# presets\nother:\n  {line}\n")
    with pytest.raises(DeclarationError) as caught:
        load_presets(config)
    assert caught.value.line == 3
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert SECRET not in told
    assert "env:NAME" in told


@pytest.mark.parametrize(
    "line",
    [
        "password: env:PASSWORD",
        "token_url: https://login.example.com/token",
        "client_id: abc",
        "url: postgresql://user@host/db",
        "url: postgresql://user:${PASSWORD}@host:5432/db",
        "url: env:URL?sqlite:///file.db",
        "monkey: banana",
    ],
)
def test_what_is_no_secret_may_stand_in_the_file(config: Path, line: str) -> None:
    write(config, f"other:\n  {line}\n")
    assert list(load_presets(config).fields) == ["other"]


def test_values_show_nowhere(config: Path, settings: Settings) -> None:
    write(config, "one: {password: env:P, url: 'postgresql://u:${P}@host/db', folder: plain}\n")
    presets = load_presets(config)
    preset = presets.resolve("one", with_environment(settings, P=SECRET))
    assert preset.fields["url"] == f"postgresql://u:{SECRET}@host/db"
    assert SECRET not in f"{preset!r} {preset} {presets!r} {preset.shown()}"
    assert preset.shown() == {"password": "***", "url": "***", "folder": "plain"}


def test_a_url_with_a_password_from_the_environment_is_not_shown_either(config: Path, settings: Settings) -> None:
    preset = resolve(with_environment(settings, IPAAS_SQL_URL=f"postgresql://u:{SECRET}@h/db"), "sql")
    assert preset.shown() == {"url": "***"}


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ("sql:\n  url: {a: 1}\n", "one value must stand here", 2),
        ("sql:\n  url: env:1BAD\n", "must be env:NAME", 2),
        ("sql: text\n", "'sql' is wrong", 1),
    ],
)
def test_a_malformed_preset_is_refused_by_line(config: Path, text: str, says: str, line: int) -> None:
    write(config, text)
    with pytest.raises(DeclarationError, match=says) as caught:
        load_presets(config)
    assert caught.value.line == line


def test_an_unknown_preset_names_those_there_are(settings: Settings) -> None:
    with pytest.raises(DeclarationError, match="unknown preset 'sqll'; did you mean 'sql'") as caught:
        resolve(settings, "sqll")
    assert caught.value.allowed == ("sql", "files")


def test_a_malformed_file_does_not_repeat_a_secret(config: Path) -> None:
    write(config, f"sql:\n  password: [{SECRET}]\n  password2: {SECRET}\n")
    with pytest.raises(DeclarationError) as caught:
        load_presets(config)
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__
