from __future__ import annotations

import base64
import hashlib
import json
import ssl
from pathlib import Path

import httpx
import pytest

from ipaas_dagster.sandbox import Fault, Sandbox, running_sandbox, sandbox_process

PRODUCT = {"product_name": "Ünïq", "price": 1}


def names(sandbox: Sandbox) -> list[str]:
    return [record["product_name"] for record in sandbox.instagaze.truth("products")]


def test_https_serves_the_same_records_to_whoever_trusts_its_authority(tmp_path: Path) -> None:
    with running_sandbox(https=True, ca_folder=tmp_path) as sandbox:
        trusted = ssl.create_default_context(cafile=str(sandbox.ca_file))
        assert sandbox.ca_file is not None
        assert sandbox.ca_file.parent == tmp_path
        assert sandbox.https_origin is not None
        url = f"{sandbox.https_origin}/api/admin/products"
        headers = {"Authorization": f"Bearer {sandbox.token}"}
        with httpx.Client(verify=trusted, trust_env=False, headers=headers) as api:
            assert api.post(url, json=PRODUCT).status_code == 201
            assert api.get(url.replace("127.0.0.1", "localhost")).is_success
            sandbox.faults.set([Fault("lost_answer", times=1)])
            with pytest.raises(httpx.TransportError):
                api.post(url, json=PRODUCT)
        assert names(sandbox).count("Ünïq") == 2
        with pytest.raises(httpx.ConnectError, match="certificate"):
            httpx.get(url, trust_env=False)


def test_a_temporary_authority_is_gone_with_its_sandbox() -> None:
    with running_sandbox(https=True) as sandbox:
        ca_file = Path(sandbox.environment["IPAAS_SANDBOX_CA_FILE"])
        assert "BEGIN CERTIFICATE" in ca_file.read_text(encoding="ascii")
    assert not ca_file.exists()


def test_without_https_nothing_of_it_is_announced(sandbox: Sandbox) -> None:
    assert sandbox.https_origin is None
    assert "IPAAS_SANDBOX_CA_FILE" not in sandbox.environment


def test_a_sandbox_process_serves_https_too() -> None:
    with sandbox_process(https=True) as remote:
        trusted = ssl.create_default_context(cafile=remote.environment["IPAAS_SANDBOX_CA_FILE"])
        url = f"{remote.environment['IPAAS_SANDBOX_HTTPS']}/api/admin/products"
        headers = {"Authorization": f"Bearer {remote.token}"}
        assert httpx.get(url, verify=trusted, headers=headers, trust_env=False).is_success


def test_a_late_error_really_wrote(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.faults.set([Fault("late_error")])
    answer = api.post("products", json=PRODUCT)
    assert (answer.status_code, answer.json()["type"]) == (500, "api_error")
    assert names(sandbox).count("Ünïq") == 1
    assert api.get("products").is_success, "reads are spared"
    assert sandbox.journal.entries()[0].fault == "late_error"


def test_a_fault_may_be_kept_to_a_body_and_may_spare_the_first(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.faults.set([Fault("status", body="Ünïq", skip=1, times=1)])
    products = [{**PRODUCT, "product_name": name} for name in ("a", "Ünïq", "b", "Ünïq", "c")]
    bodies = [json.dumps(product, ensure_ascii=False).encode() for product in products]
    seen = [api.post("products", content=body).status_code for body in bodies]
    assert seen == [201, 201, 201, 500, 201]


def test_the_journal_proves_which_bytes_arrived(sandbox: Sandbox, api: httpx.Client) -> None:
    sent = json.dumps(PRODUCT).encode()
    api.post("products", content=sent)
    sandbox.journal.keep_bodies = True
    api.post("products", content=sent, headers={"X-Mine": "1", "Cookie": "secret"})
    before, after = sandbox.journal.entries()
    assert (before.length, before.sha256) == (len(sent), hashlib.sha256(sent).hexdigest())
    assert (before.body, before.headers) == (None, None)
    assert after.body == sent
    assert after.headers is not None
    assert after.headers["x-mine"] == "1"
    assert not {"authorization", "cookie"} & set(after.headers)


def test_every_stand_in_has_its_own_control_paths(sandbox: Sandbox, api: httpx.Client) -> None:
    def control(method: str, path: str, body: object = None) -> httpx.Response:
        return httpx.request(method, f"{sandbox.origin}/_sandbox/{path}", json=body, trust_env=False)

    for stand_in in sandbox.stand_ins:
        fault = {"faults": [{"kind": "reset", "times": 1}]}
        assert control("POST", f"{stand_in.name}/faults", fault).json()["struck"] == {"reset": 0}
        assert [fault.kind for fault in stand_in.faults._faults] == ["reset"]
        assert control("DELETE", f"{stand_in.name}/faults").json()["faults"] == []
        assert control("POST", f"{stand_in.name}/journal", {"keep_bodies": True}).json()["keep_bodies"] is True
        unknown = control("POST", f"{stand_in.name}/no_such_command", {})
        assert unknown.status_code == 400
        assert "no_such_command" in unknown.text
        assert control("GET", f"{stand_in.name}/truth/no_such_thing").status_code == 400
    api.post("products", json=PRODUCT)
    entry = control("GET", "instagaze/journal").json()["entries"][-1]
    assert json.loads(base64.b64decode(entry["body_base64"])) == PRODUCT
    assert sandbox.token not in control("GET", "instagaze/journal").text
    page = control("GET", "instagaze/truth/products?offset=1&limit=2").json()
    assert page["results"] == sandbox.instagaze.truth("products")[1:3]
    made = control("POST", "instagaze/insert", {"collection": "products", "fields": {"price": 7}}).json()
    assert sandbox.instagaze.record("products", made["id"]) == made
    refused = control("POST", "nobody/faults", {})
    assert refused.status_code == 400
    assert "instagaze" in refused.text
