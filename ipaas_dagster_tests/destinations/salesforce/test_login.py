"""Tokens: both flows, refusals that name fields and no values, and a token that expires in the middle."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ipaas_dagster.destinations.base import Unreachable
from ipaas_dagster.destinations.remote import Answer
from ipaas_dagster.destinations.salesforce.login import sign_in
from ipaas_dagster.destinations.salesforce.preset import read_org
from ipaas_dagster.errors import SettingsError
from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster.sandbox.salesforce.state import Salesforce
from ipaas_dagster.sandbox.salesforce.tokens import Credentials
from ipaas_dagster_tests.destinations.salesforce.stage import NOWHERE, Stage

USER = "sync@example.com"


@pytest.fixture(scope="module")
def key() -> tuple[str, str]:
    """A private key and its public one, in PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = serialization.NoEncryption()
    pem = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    shown = serialization.PublicFormat.SubjectPublicKeyInfo
    return pem.decode(), made.public_key().public_bytes(serialization.Encoding.PEM, shown).decode()


@pytest.mark.parametrize("form", ["as it is", "in one line", "base64"])
def test_a_signed_assertion_is_enough(tmp_path: Path, key: tuple[str, str], form: str) -> None:
    private, public = key
    written = {"as it is": private, "in one line": private.replace("\n", "\\n")}
    written["base64"] = base64.b64encode(private.encode()).decode()
    org = Salesforce(credentials=Credentials(public_key=public, username=USER))
    with running_sandbox(samples=None, salesforce=org) as sandbox:
        stage = Stage(tmp_path, org, org.environment(sandbox.origin))
        stage.world.clock.now = datetime.now(UTC)
        fields = {"client_secret": "", "private_key": written[form], "username": USER}
        with stage.connected(**fields) as destination:
            assert "7 objects are ready" in destination.check()
        with (
            stage.connected(**fields, audience="https://elsewhere.example") as destination,
            pytest.raises(Unreachable, match="audience"),
        ):
            destination.check()


def test_a_key_that_is_none_is_named_and_not_shown(alone: Stage) -> None:
    for text in ("S3CRET", base64.b64encode(b"S3CRET").decode()):
        with (
            pytest.raises(SettingsError, match="field private_key ") as error,
            alone.connected(private_key=text, username=USER),
        ):
            pass
        assert text not in str(error.value)
    pem = "-----BEGIN PRIVATE KEY-----\nS3CRET\n-----END PRIVATE KEY-----"
    with (
        alone.connected(private_key=pem, username=USER) as destination,
        pytest.raises(SettingsError, match="field private_key ") as error,
    ):
        destination.deliver(alone.customers(1))
    assert "S3CRET" not in str(error.value)
    assert error.value.__context__ is None
    with pytest.raises(SettingsError, match="username"), alone.connected(private_key=pem):
        pass
    with pytest.raises(SettingsError, match="client_secret"), alone.connected(client_secret=""):
        pass


def test_refused_credentials_stop_the_system_and_are_not_repeated(stage: Stage) -> None:
    with stage.connected(client_secret="WR0NG") as destination, pytest.raises(Unreachable) as error:
        destination.deliver(stage.customers(1))
    assert "client_id, client_secret" in str(error.value)
    with stage.connected(client_id="WR0NG") as destination, pytest.raises(Unreachable) as other:
        destination.check()
    assert "WR0NG" not in f"{error.value} {other.value} {stage.calls!r}"


def test_an_expired_token_is_renewed_within_the_call(stage: Stage) -> None:
    assert stage.org is not None
    with stage.connected() as destination:
        destination.deliver(stage.customers(1, 2))
        stage.org.command("expire_tokens", {})
        outcomes = destination.deliver(stage.customers(3, 4))
    assert [one.kind for one in outcomes] == ["delivered"] * 2
    assert len(stage.there()) == 4
    assert stage.urls("POST").count("/services/oauth2/token") == 2


def test_over_https_with_an_authority_of_its_own(tmp_path: Path) -> None:
    org = Salesforce()
    with running_sandbox(samples=None, salesforce=org, https=True, ca_folder=tmp_path) as sandbox:
        stage = Stage(tmp_path, org, org.environment(str(sandbox.https_origin)))
        with stage.connected(ca_file=str(sandbox.ca_file)) as destination:
            assert "at https://" in destination.check()
        with stage.connected() as destination, pytest.raises(Unreachable, match="no connection"):
            destination.check()


def test_nothing_secret_reaches_the_ledger(stage: Stage) -> None:
    assert stage.org is not None
    with stage.connected() as destination:
        destination.deliver(stage.customers(1, 2))
    kept = repr([(row, row.request_body, row.response_body) for row in stage.calls])
    assert "oauth2/token" in kept
    assert stage.org.credentials.client_secret not in kept
    assert "Bearer" not in kept
    assert "!AQ" not in kept, "no token"


class Telling:
    """In the place of the client: answers what it was told to."""

    def __init__(self, status: int, body: bytes) -> None:
        self.answer = Answer(status, {}, body)

    def credentials(self, url: str, body: bytes, headers: object) -> Answer:
        return self.answer


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (200, b'{"access_token":"T0KEN","instance_url":"http://org.example"}', "instance_url"),
        (200, b'{"access_token":"T0KEN","instance_url":"nowhere"}', "instance_url"),
        (200, b"<html>", "no token was given"),
        (302, b"", "My Domain"),
        (500, b"", "500"),
        (400, b'{"error":"invalid_grant","error_description":"a-client s3cret"}', "invalid_grant: *** ***"),
    ],
)
def test_other_answers_of_the_token_endpoint(alone: Stage, status: int, body: bytes, says: str) -> None:
    """A token that came over https does not go out over http."""
    org = read_org(alone.setting())
    with pytest.raises(Unreachable) as error:
        sign_in(Telling(status, body), org, alone.world.clock())  # type: ignore[arg-type]
    assert says in str(error.value)
    assert "T0KEN" not in str(error.value)
    assert NOWHERE["SALESFORCE_CLIENT_SECRET"] not in str(error.value)
