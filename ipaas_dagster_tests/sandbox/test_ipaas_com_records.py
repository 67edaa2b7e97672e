"""iPaaS.com's stand-in: records, those within them, and their external ids."""

from __future__ import annotations

from typing import Any

import pytest

from ipaas_dagster.sandbox.ipaas_com import IpaasCom
from ipaas_dagster_tests.sandbox.ipaas_com_client import Client, code, connect, linked, read, stopped_server

CUSTOMER, COMPANY = "customers/v2/Customer", "customers/v2/Customer/Company"
PRODUCT, TRANSACTION = "products/v2/Catalog/Product", "transactions/v2/Transaction"


@pytest.fixture
def server() -> IpaasCom:
    return stopped_server()[0]


@pytest.fixture
def client(server: IpaasCom) -> Client:
    return connect(server)


def invoice(**more: Any) -> dict[str, Any]:
    lines = [{"sku": "A", "qty": 2, "unit_price": 1.5, "external_ids": linked("1|1")}]
    return {"type": "Invoice", "total": 3.0, "lines": lines, "external_ids": linked("1"), **more}


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (CUSTOMER, {"colour": "red"}, "VALD-1003"),
        (CUSTOMER, {"company": 5}, "VALD-1001"),
        (CUSTOMER, {"email_address": "nobody"}, "VALD-1001"),
        (CUSTOMER, {"external_ids": [{"system_id": 0, "external_id": "a"}]}, "VALD-1001"),
        (CUSTOMER, {"external_ids": [{"system_id": 7001}]}, "VALD-1002"),
        (CUSTOMER, {"custom_fields": [{"value": "a"}]}, "VALD-1002"),
        (COMPANY, {"name": ""}, "VALD-1002"),
        (COMPANY, {"name": "A", "parent_company_id": 4}, "NFND-1001"),
        (PRODUCT, {"name": "A"}, "VALD-1002"),
        (TRANSACTION, {"type": "Invoice", "customer_id": 4}, "NFND-1001"),
        (TRANSACTION, {"type": "Invoice", "customer_id": "4"}, "VALD-1001"),
        (TRANSACTION, {"type": "Invoice", "total": "1.50"}, "VALD-1001"),
        (TRANSACTION, {"type": "Invoice", "lines": [{"qty": 1}]}, "VALD-1002"),
        (TRANSACTION, {"type": "Invoice", "payments": [{"method": "Card"}]}, "VALD-1002"),
        (TRANSACTION, {"type": "Invoice", "lines": {"sku": "A"}}, "VALD-1001"),
    ],
)
def test_refused_by_name_and_nothing_left_behind(
    server: IpaasCom, client: Client, path: str, body: dict[str, Any], expected: str
) -> None:
    answer = client.ask("POST", path, body)
    assert (answer.status in (400, 404), code(answer)) == (True, expected)
    assert not any(server.truth(name) for name in ("customer", "company", "product", "transaction"))


def test_a_create_answers_the_whole_record(client: Client) -> None:
    made = client.post(TRANSACTION, invoice(payments=[{"method": "Card", "amount": 1}]))
    assert (str(made["total"]), str(made["lines"][0]["unit_price"])) == ("3.0", "1.5")
    assert made["external_ids"][0]["internal_id"] == made["id"]
    assert made["lines"][0]["external_ids"][0]["external_id"] == "1|1"
    assert client.get(f"{TRANSACTION}/{made['id']}") == made


def test_an_external_id_is_one_records_of_its_table_and_system(client: Client) -> None:
    first = client.customer(external_ids=linked("7"))
    refused = client.ask("POST", CUSTOMER, {"company": "Other", "external_ids": linked("7")})
    assert (refused.status, code(refused)) == (400, "BIZL-1003")
    client.customer(external_ids=linked("7", system_id=8))
    client.post(COMPANY, {"name": "Acme", "external_ids": linked("7")})
    second = client.customer()
    refused = client.ask("PUT", f"{CUSTOMER}/{second['id']}", {"external_ids": linked("7")})
    assert code(refused) == "BIZL-1005"
    again = client.put(f"{CUSTOMER}/{first['id']}", {"company": "Renamed", "external_ids": linked("7")})
    assert (again["company"], len(again["external_ids"])) == ("Renamed", 1)


def test_unique_in_the_whole_system_if_switched_on() -> None:
    server, _ = stopped_server(ids_unique="system")
    client = connect(server)
    client.customer(external_ids=linked("7"))
    assert code(client.ask("POST", COMPANY, {"name": "A", "external_ids": linked("7")})) == "BIZL-1003"


def test_a_refused_line_links_nothing(client: Client) -> None:
    client.post(TRANSACTION, invoice())
    more = [{"sku": "B", "external_ids": linked("2|1")}, {"sku": "C", "external_ids": linked("1|1")}]
    assert code(client.ask("POST", TRANSACTION, invoice(lines=more, external_ids=linked("2")))) == "BIZL-1003"
    assert client.look_up("transactions", "Transaction Line", "2|1").status == 404
    assert client.look_up("transactions", "transaction", "2").status == 404


def test_the_external_family(client: Client) -> None:
    number = client.customer(external_ids=linked("a/b 1"))["id"]
    assert read(client.look_up("customers", "Customer", "a/b 1")) == str(number)
    assert client.look_up("customers", "customer", "nothing").status == 404
    assert client.get(f"customers/v2/External/LookupExternal/{number}/7001/customer") == "a/b 1"
    assert client.ask("GET", "customers/v2/External/LookupSpaceport/7001/customer/a/b 1").status == 404
    changed = {"table_name": "customer", "system_id": 7001, "external_id": "c1", "internal_id": str(number)}
    client.post("customers/v2/External/UpdateExternalId", changed)
    assert client.get("customers/v2/External/LookupSpaceport/7001/customer/c1") == str(number)
    assert client.look_up("customers", "customer", "a/b 1").status == 404
    assert client.get("customers/v2/External/Missing/7001/customer") == []
    assert [one["id"] for one in client.get("customers/v2/External/Missing/9/customer")] == [number]
    assert client.ask("DELETE", f"customers/v2/External/{number}/7001/customer").status == 200
    assert client.look_up("customers", "customer", "c1").status == 404
    assert code(client.look_up("customers", "product", "c1")) == "NFND-1005", "not a table of this API"


def test_a_deleted_record_is_remembered_by_its_external_id(client: Client) -> None:
    number = client.customer(external_ids=linked("7"))["id"]
    assert client.ask("DELETE", f"{CUSTOMER}/{number}").status == 200
    assert client.ask("GET", f"{CUSTOMER}/{number}").status == 404
    assert read(client.look_up("customers", "customer", "7")) == f"DELETED:{number}"
    again = client.customer(external_ids=linked("7"))["id"]
    assert read(client.look_up("customers", "customer", "7")) == str(again)


def test_what_a_put_does_to_what_it_does_not_name() -> None:
    for put, company in (("replace", None), ("merge", "Acme")):
        client = connect(stopped_server(put=put)[0])
        number = client.customer(comment="old", external_ids=linked("7"))["id"]
        changed = client.put(f"{CUSTOMER}/{number}", {"id": number, "comment": "new"})
        assert (changed["company"], changed["comment"], len(changed["external_ids"])) == (company, "new", 1)


def test_lists_of_a_put(client: Client) -> None:
    """An element keeps its id where it names it; without, it is a new one, whose external id must be free."""
    made = client.post(TRANSACTION, invoice())
    path, line = f"{TRANSACTION}/{made['id']}", made["lines"][0]
    assert code(client.ask("PUT", path, invoice())) == "BIZL-1005"
    kept = client.put(path, invoice(lines=[{"id": line["id"], "sku": "A2"}, {"sku": "B"}]))
    assert [one["sku"] for one in kept["lines"]] == ["A2", "B"]
    assert kept["lines"][0]["id"] == line["id"]
    assert kept["lines"][0]["external_ids"][0]["external_id"] == "1|1"
    gone = client.put(path, invoice(lines=[]))
    assert gone["lines"] == []
    assert read(client.look_up("transactions", "transaction line", "1|1")) == f"DELETED:{line['id']}"
    assert code(client.ask("PUT", path, invoice(lines=[{"id": 1, "sku": "A"}]))) == "NFND-1001"


def test_what_is_not_confirmed_can_be_otherwise() -> None:
    server, _ = stopped_server(put_path="body", deletes=False, created_status=200, unknown_fields="ignored")
    client = connect(server)
    answer = client.ask("POST", CUSTOMER, {"colour": "red"})
    assert answer.status == 200
    number = read(answer)["id"]
    assert client.put(CUSTOMER, {"id": number, "company": "B"})["company"] == "B"
    assert client.ask("PUT", f"{CUSTOMER}/{number}", {"company": "B"}).status == 404
    assert client.ask("DELETE", f"{CUSTOMER}/{number}").status == 405
    with pytest.raises(ValueError, match="has no setting colour"):
        server.command("configure", {"colour": "red"})


def test_behind_the_back(server: IpaasCom, client: Client) -> None:
    (number,) = server.command("seed", {"model": "customer", "records": [{"company": "A"}]})["ids"]
    server.command("change", {"model": "customer", "id": number, "fields": {"company": "B"}})
    assert client.get(f"{CUSTOMER}/{number}")["company"] == "B"
    server.command("delete", {"model": "customer", "id": number})
    assert server.truth("customer") == []
    with pytest.raises(ValueError, match="VALD-1002"):
        server.command("seed", {"model": "company", "records": [{}]})
