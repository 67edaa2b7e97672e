from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipaas_dagster.source.cards import is_card, mask_cards
from ipaas_dagster.source.redaction import Report, clean_record, rule_of, suspicious

VISA = "4111111111111111"


def cleaned(record: Any, *, ascii_only: bool = True) -> tuple[Any, Report]:
    report = Report()
    out = clean_record(json.dumps(record, ensure_ascii=ascii_only).encode(), report)
    return json.loads(out), report


@pytest.mark.parametrize(
    "name",
    ["password", "Password", "sender_password", "userPassword", "user-password", "passwd", "pwd", "token",
     "accessToken",
     "access_token", "API_KEY", "apiKey", "api-key", "apikey", "x-api-key", "secret", "clientSecret", "client_secret",
     "Authorization", "credentials", "privateKey", "card_fingerprint", "saved_card_id", "cvv", "passphrase", "auth",
     "Password__c", "pin", "api_key_value", "new password", "tokens", "refreshtoken", "sessionId", "bearer_token"],
)  # fmt: skip
def test_fields_named_as_secrets_go_at_any_depth(name: str) -> None:
    secret = "planted-value-123"
    record = {"id": 1, "a": [{"b": {name: secret, "keep": "me"}}], "text": json.dumps({"x": [{name: secret}]})}
    found, report = cleaned(record)
    assert secret not in json.dumps(found)
    assert found["a"][0]["b"] == {"keep": "me"}
    assert json.loads(found["text"]) == {"x": [{}]}
    assert report == {f"a[].b.{name}": 1, f"text.x[].{name}": 1}


@pytest.mark.parametrize(
    "name",
    ["token_url", "secretary", "Secretary_Name", "name", "keyboard", "key", "username", "passenger",
     "card_type", "card_exp_year", "card_payee_name", "compass", "author", "external_id", "shipping"],
)  # fmt: skip
def test_fields_that_only_sound_alike_stay(name: str) -> None:
    record = {name: "https://api.stripe.com/v1/tokens" if name.endswith("url") else "plain"}
    assert cleaned(record)[0] == record


def test_flags_and_nulls_about_secrets_stay() -> None:
    record = {"password": None, "token": True}
    assert cleaned(record)[0] == record
    assert cleaned({"password": 12345, "token": {"a": 1}, "secret": ["x"]})[0] == {}


def test_escapes_smuggle_nothing() -> None:
    report = Report()
    record = b'{"pass\\u0077ord":"planted","note":"\\u0034111111111111111","t":"{\\"p\\u0061ssword\\":\\"planted\\"}"}'
    found = clean_record(record, report)
    assert b"planted" not in found
    assert VISA.encode() not in found
    assert json.loads(found) == {"note": "************1111", "t": "{}"}


def test_json_in_text_in_text_is_cleaned() -> None:
    inner = json.dumps(json.dumps({"password": "planted"}))
    assert "planted" not in json.dumps(cleaned({"note": inner})[0])


@pytest.mark.parametrize(
    "card",
    [VISA, "4111 1111 1111 1111", "4111-1111-1111-1111", "5555555555554444", "378282246310005", "3782 822463 10005",
     "6011111111111117", "3530111333300000", "2223003122003222", "30569309025904",
     "4111\u00a01111\u00a01111\u00a01111"],
)  # fmt: skip
@pytest.mark.parametrize("field", ["name", "product_description", "charge_message", "Notes__c", "street"])
def test_full_card_numbers_in_free_text_keep_four_digits(card: str, field: str) -> None:
    for ascii_only in (True, False):
        found, report = cleaned({"custom": [{field: f"paid by {card} today"}]}, ascii_only=ascii_only)
        text = found["custom"][0][field]
        assert text.startswith("paid by *")
        assert text.endswith(f"{card[-4:]} today")
        assert sum(c.isdigit() for c in text) == 4
        assert report == {f"custom[].{field}": 1}


@pytest.mark.parametrize(
    "field",
    ["number", "invoice_number", "product_code", "id", "in_account_id", "Customer_ID__c", "phone", "postal_code"],
)
def test_numbers_codes_ids_and_phones_are_left_alone(field: str) -> None:
    assert cleaned({field: VISA}) == ({field: VISA}, {})
    assert cleaned({"amount": int(VISA)}) == ({"amount": int(VISA)}, {})


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",
        "1234567890123456",
        "2019-02-16T03:49:15.000Z",
        "+1 415 555 0100 4242",
        "12345678901234567890123",
    ],
)
def test_other_long_numbers_are_no_cards(text: str) -> None:
    assert mask_cards(f"see {text}") == (f"see {text}", 0)


def test_a_card_beside_other_numbers_is_found() -> None:
    assert mask_cards(f"order 1234 {VISA} on 2026-01-31")[0] == "order 1234 ************1111 on 2026-01-31"
    assert mask_cards(f"{VISA},{VISA}") == ("************1111,************1111", 2)


def test_a_card_number_field_keeps_its_last_four() -> None:
    method = {
        "card_number": VISA,
        "card_type": "VISA",
        "card_exp_year": 2030,
        "card_fingerprint": "f",
        "saved_card_id": "s",
    }
    found, _ = cleaned({"method": method})
    assert found == {"method": {"card_number": "************1111", "card_type": "VISA", "card_exp_year": 2030}}
    shown = {"method": {"card_number": "************1117"}}
    assert cleaned(shown) == (shown, {})


def test_passwords_in_urls_and_bearer_headers_in_text_go() -> None:
    found, _ = cleaned({"url": "https://u:planted@host/x", "message": "sent Authorization: Bearer plantedplanted1"})
    assert "planted" not in json.dumps(found)


def test_what_holds_no_secret_is_the_same_bytes() -> None:
    record = b'{"id":1,  "amount":1.10,"big":12345678901234567890123,"name":"Zo\\u00eb"}'
    assert clean_record(record, Report()) is record


def test_numbers_keep_their_spelling_when_a_record_is_cleaned() -> None:
    out = clean_record(b'{"amount":1.10,"rate":1e-7,"big":12345678901234567890123,"password":"x"}', Report())
    assert out == b'{"amount":1.10,"rate":1e-7,"big":12345678901234567890123}'


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.sampled_from([VISA, "{}", '{"pin":1}']),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "token", "id", "note", "pwd"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(json_values, st.booleans())
def test_the_quick_look_never_lets_a_secret_pass(value: Any, ascii_only: bool) -> None:
    from ipaas_dagster.source.redaction import clean

    text = json.dumps({"name": value}, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    report = Report()
    clean({"name": value}, report)
    assert suspicious(text) or not report


def test_rules_by_name() -> None:
    assert [rule_of(n) for n in ("password", "card_number", "number", "name")] == ["remove", "mask", "exact", "text"]
    assert is_card(VISA)


@pytest.mark.parametrize(
    "text",
    ['[{"card_fingerprint": "planted", "name": ', '{"a": {"password":"planted"}, cut', '{"credentials": ["planted", 5'],
)
def test_json_that_is_cut_is_cleaned_too(text: str) -> None:
    assert "planted" not in json.dumps(cleaned({"products": text, "again": json.dumps({"inner": text})[:-1]})[0])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('failed: {"password":"planted","name":"Bo"} sorry', 'failed: {"password":***","name":"Bo"} sorry'),
        ("failed: {'api_key': 'planted', 'name': 'Bo'}", "failed: {'api_key': ***', 'name': 'Bo'}"),
        ('failed: {\\"token\\": \\"planted\\", \\"n\\": 1}', 'failed: {\\"token\\": ***\\", \\"n\\": 1}'),
        ("see https://host/x?token=planted&page=2", "see https://host/x?token=***&page=2"),
        ("password: ask Bo; token = none", "password: ask Bo; token = none"),
    ],
)
def test_names_with_their_secrets_inside_a_text_are_found(text: str, left: str) -> None:
    assert cleaned({"charge_message": text})[0]["charge_message"] == left


@pytest.mark.parametrize("between", ["\u2009", ".", "_", "\u2011", "\u202f", "\u2212"])
def test_a_card_number_is_found_whatever_stands_between_its_groups(between: str) -> None:
    card = between.join(["4111", "1111", "1111", "1111"])
    for ascii_only in (True, False):
        found, report = cleaned({"note": f"card {card} ok"}, ascii_only=ascii_only)
        assert found["note"] == f"card {between.join(['****', '****', '****', '1111'])} ok"
        assert report == {"note": 1}


def test_a_card_number_in_digits_of_full_width_is_found() -> None:
    card = "".join(chr(0xFF10 + int(digit)) for digit in VISA)
    for ascii_only in (True, False):
        assert cleaned({"note": card}, ascii_only=ascii_only)[0]["note"] == "*" * 12 + card[-4:]
