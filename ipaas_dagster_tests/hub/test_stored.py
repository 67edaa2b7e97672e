from __future__ import annotations

from ipaas_dagster.hub.stored import decode


def test_any_number_of_json_is_read() -> None:
    huge = "9" * 5000
    assert decode(f'{{"a": 1e999, "b": -1e999, "c": {huge}, "d": 0.1, "e": 12345678901234567890}}') == {
        "a": "1e999",
        "b": "-1e999",
        "c": huge,
        "d": 0.1,
        "e": 12345678901234567890,
    }
