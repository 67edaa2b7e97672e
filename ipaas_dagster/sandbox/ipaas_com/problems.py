"""Errors: a category and a number that stay the same, a sentence, and where help is."""

from __future__ import annotations

HELP = "https://support.ipaas.com/errors"


class Problem(Exception):
    """A request that is answered with an error."""

    def __init__(self, code: str, text: str, status: int = 400, *, retry_after: int | None = None) -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text, self.status, self.retry_after = code, text, status, retry_after

    @property
    def help(self) -> str:
        return f"{HELP}/{self.code.lower()}"


def unauthorized(number: int, text: str) -> Problem:
    return Problem(f"AUTH-{number}", text, 401)


def roles_changed() -> Problem:
    text = "The roles or users of this token were updated. The token must be regenerated."
    return Problem("AUTZ-1002", text, 401)


def no_permission(text: str) -> Problem:
    return Problem("AUTZ-1001", text, 401)


def invalid(text: str) -> Problem:
    return Problem("VALD-1001", text)


def missing(name: str) -> Problem:
    return Problem("VALD-1002", f"The field {name} is required.")


def unknown_field(name: str) -> Problem:
    return Problem("VALD-1003", f"The field {name} is not known.")


def not_found(what: str) -> Problem:
    return Problem("NFND-1001", f"{what} was not found.", 404)


def no_resource() -> Problem:
    return Problem("NFND-1002", "The requested resource does not exist.", 404)


def not_linked() -> Problem:
    return Problem("NFND-1005", "No record is linked to this id.", 404)


def no_table(name: str) -> Problem:
    return Problem("NFND-1005", f"The table {name} does not exist.", 404)


def duplicate(code: str, external_id: str, system_id: int) -> Problem:
    text = f"The external id {external_id} must be unique for system {system_id}; it belongs to another record."
    return Problem(code, text)


def not_deletable() -> Problem:
    return Problem("VALD-1009", "The method DELETE is not allowed.", 405)


def volume(retry_after: int) -> Problem:
    text = "Too many requests: the volume limit was exceeded. Try again later."
    return Problem("AUTZ-1101", text, 429, retry_after=retry_after)


def monthly(retry_after: int | None) -> Problem:
    text = "Too many requests: the monthly API limit of your plan was reached."
    return Problem("AUTZ-1102", text, 429, retry_after=retry_after)


def server_fault(status: int = 500) -> Problem:
    return Problem("INTL-1002", "A database timeout occurred. Try again later.", status)
