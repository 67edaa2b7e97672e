"""The whole document. Its policy forbids every request and every script; the one style is named by its digest."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from ipaas_dagster.report.facts import Facts
from ipaas_dagster.report.markup import Html, moment, tag
from ipaas_dagster.report.parts import PARTS

_NAVIGATION = (
    ("stuck", "Stuck"),
    ("flow", "Flow"),
    ("time", "Over time"),
    ("failures", "Failures"),
    ("moving", "On the way"),
    ("books", "Books"),
)


def page(facts: Facts) -> str:
    """One HTML document that opens without network and without script."""
    style = files("ipaas_dagster.report").joinpath("style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"ipaas_dagster: {facts.status.verdict.says}"),
        tag("style", Html(style)),
    )
    body = tag("body", _header(facts), tag("main", [part(facts) for part in PARTS], id="main"), _footer())
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _header(facts: Facts) -> Html:
    links = [tag("a", words, href=f"#{name}") for name, words in _NAVIGATION]
    return tag(
        "header",
        tag("a", "To the state", href="#main", class_="skip"),
        tag("h1", "ipaas_dagster"),
        tag("p", "state of ", moment(facts.status.at), " UTC", class_="written"),
        tag("nav", links, aria_label="Parts of this report"),
    )


def _footer() -> Html:
    says = "Counted from the stores alone. A record is counted once in each place where it is stuck. Times are UTC."
    return tag("footer", tag("p", says))
