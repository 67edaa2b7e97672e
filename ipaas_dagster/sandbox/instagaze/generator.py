"""Writes records of each collection, by seed: the same seed and the same time give the same bytes.

They are written as text, not as objects: a million accounts and the rest have to be there in a minute.
Totals add up and everything refers to what exists: what is wrong on purpose is in bad.py.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from ipaas_dagster.sandbox.instagaze.words import COMPANIES, GOODS, PEOPLE, PLACES, SUFFIXES

SPREAD_DAYS = 60
HOUR, DAY = 3_600_000, 86_400_000
NULL_MODIFIED = 0.01
CONTACTS = (0,) * 20 + (1,) * 40 + (2,) * 24 + (3,) * 13 + (4,) * 3
"""How many contacts an account has, in hundredths of the accounts: 1.39 on average."""

Row = tuple[int, bytes, int | None, int | None]
"""id, body, created, modified: what a shelf is filled with. Times in milliseconds since 1970."""

T = TypeVar("T")
EMPTY = '""'

_CURRENCY = (
    # code, id, and the forms in which the API writes it; a yen has no smaller unit
    ("USD", 1, ('"$"', '"$"', '{"id":1,"name":"USD","prefix":"$"}')),
    ("EUR", 2, ('{"id":2,"name":"EUR","prefix":"€"}', '"€"')),
    ("GBP", 3, ('{"id":3,"name":"GBP","prefix":"£"}', '"£"')),
    ("JPY", 4, ('{"id":4,"name":"JPY","prefix":"¥"}',)),
)
CURRENCY_NUMBERS = {"USD": 0, "$": 0, "EUR": 1, "€": 1, "GBP": 2, "£": 2, "JPY": 3, "¥": 3}
_SHARE = (0,) * 6 + (1,) * 2 + (2, 3)
_FREQUENCY = ('{"id":5,"name":"monthly"}', '{"id":6,"name":"quarterly"}', '{"id":7,"name":"yearly"}')
_BRANDS = (("VISA", "1111"), ("MASTERCARD", "4444"), ("DISCOVER", "1117"), ("AMEX", "0005"))
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True, slots=True)
class Product:
    """What other records repeat of a product."""

    body: str
    number: int
    price: int
    currency: int
    line: str
    """An invoice line, up to its quantity."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """What a transaction repeats of its invoice."""

    number: int
    name: str
    account: int
    money: str
    lines: str
    total: int


class Generator:
    """Writes records. One source of randomness runs through all, so their order is part of the seed."""

    def __init__(self, seed: int, now: int, *, contact: int) -> None:
        self._random = random.Random(seed)
        self._now = now
        self._contact = contact
        self._days: dict[int, str] = {}

    def account(self, number: int, stamp: int) -> str:
        pick, company = self.pick, self.any(COMPANIES)
        street, city, state, country = self.any(PLACES).split("|")
        external = f'"001{self._token(15)}"' if pick(4) else "null"
        updated = f'"{self.iso(stamp)}"' if pick(3) else "null"
        code = ("postal_code", "postalCode")[pick(8) == 0]
        return (
            f'{{"id":{number},"portal_id":1,"account_name":"{company} {self.any(SUFFIXES)} {number}",'
            f'"in_account_id":{external},"in_updated_at":{updated},"account_owner":"{self.any(PEOPLE)}",'
            f'"account_owner_email":"owner{pick(50)}@example.com",'
            f'"invoice_prefix":"{("", "INV", "ÅB")[pick(3)]}",'
            f'"billing_address":{{"city":"{city}","country":"{country}",'
            f'{self._point()},"{code}":"{pick(90000) + 10000}",'
            f'"state":"{state}","street":"{street}"}},"account_number":"A-{number:07d}",'
            f'"autopay_only":{_yes(pick(10) == 0)},"is_autopay":{_yes(pick(3) == 0)},'
            f'"contacts":[{self._contacts(number, stamp)}]}}'
        )

    def _point(self) -> str:
        if self.pick(2):
            return '"latitude":null,"longitude":null'
        return f'"latitude":{self.pick(170) - 84.75},"longitude":{self.pick(350) - 174.5}'

    def _contacts(self, account: int, stamp: int) -> str:
        count = CONTACTS[self.pick(100)]
        return ",".join([self.contact(account, stamp, last=at == count - 1 > 0) for at in range(count)])

    def contact(self, account: int, stamp: int, *, last: bool = False) -> str:
        """A contact. Only the last of several is ever deleted: transactions refer to the first."""
        number, self._contact = self._contact, self._contact + 1
        deleted = last and self.pick(40) == 0
        created = self.iso(stamp - self.pick(200) * DAY)
        return (
            f'{{"id":{number},"portal_id":1,"is_deleted":{_yes(deleted)},"created_at":"{created}",'
            f'"updated_at":"{self.iso(stamp)}","account_id":{account},"name":"{self.any(PEOPLE)}",'
            f'"email":"contact{number}@example.com","is_active":{_yes(self.pick(9) > 0)},'
            f'"is_enrolled":{_yes(self.pick(2) == 0)}}}'
        )

    def product(self, number: int) -> Product:
        pick = self.pick
        currency = _SHARE[pick(10)]
        price = (pick(5000) + 1) * (100 if currency == 3 else 50) + pick(100)
        name, code, tax = f"{self.any(GOODS)} {number}", f"PC-{number:06d}", f"SW{pick(99):02d}0000"
        described = f'"About {self.any(GOODS)}"' if pick(4) else "null"
        shown = self.any(_CURRENCY[currency][2])
        body = (
            f'{{"id":{number},"in_product_id":null,"product_name":"{name}","product_description":{described},'
            f'"price":{price},"product_code":"{code}","product_quantity":1,"currency":{shown},'
            f'"is_active":{_yes(pick(12) > 0)},"tax_code":"{tax}",'
            f'"tax_description":{("null", EMPTY)[pick(2)]}}}'
        )
        line = (
            f'{{"price":{price},"tax_code":"{tax}","portal_id":1,"currency_id":{_CURRENCY[currency][1]},'
            f'"product_code":"{code}","product_name":"{name}","tax_description":"",'
            f'"product_description":{described},"product_quantity":'
        )
        return Product(body, number, price, currency, line)

    def invoice(self, number: int, account: int, choice: Sequence[Product], stamp: int) -> tuple[str, Invoice]:
        """An invoice over one to three products of one currency, which `choice` has to hold."""
        lines, net = self._lines(choice)
        discount = net // 20 if self.pick(4) == 0 else 0
        tax = net // 10
        total = net - discount + tax
        shown = self.any(_CURRENCY[choice[0].currency][2])
        name = f"INV{number:07d}"
        money = (
            f'"currency":{shown},"price":{net},"quantity":1,"net_amount":{net},"discount":{discount},'
            f'"tax":{tax},"total":{total}'
        )
        start = f'"{self.iso(stamp - 30 * DAY)}"' if self.pick(2) else "null"
        end = f'"{self.iso(stamp + 335 * DAY)}"' if start != "null" else "null"
        body = (
            f'{{"id":{number},"portal_id":1,"account_id":{account},"number":"{name}",'
            f'"products":[{lines}],{money},"salesperson":"seller{self.pick(20)}@example.com",'
            f'"contract_start_date":{start},"contract_end_date":{end},'
            f'"payment_due_date":"{self.iso(stamp + 30 * DAY)}","forgiven":{_yes(self.pick(50) == 0)},'
            f'"paid":{_yes(self.pick(2) == 0)},"custom":{self._custom(number)}}}'
        )
        return body, Invoice(number, name, account, money, lines, total)

    def _lines(self, choice: Sequence[Product]) -> tuple[str, int]:
        lines, net = [], 0
        for _ in range(1 + self.pick(3)):
            product, quantity = choice[self.pick(len(choice))], 1 + self.pick(4)
            lines.append(f"{product.line}{quantity}}}")
            net += product.price * quantity
        return ",".join(lines), net

    def _custom(self, number: int) -> str:
        if self.pick(3) == 0:
            return "{}"
        return f'{{"Customer_ID__c":"CUST-{number:05d}","GL_Account_ID__c":"{4000 + self.pick(50)}"}}'

    def subscription(self, number: int, account: tuple[int, str], product: Product, stamp: int) -> str:
        """A subscription, with its account (id, text without contacts) and product embedded."""
        quantity = 1 + self.pick(5)
        net = product.price * quantity
        discount, tax = (net // 10 if self.pick(3) == 0 else 0), net // 12
        start = stamp - self.pick(300) * DAY
        return (
            f'{{"id":{number},"portal_id":1,"account":{account[1]},"product":{product.body},'
            f'"account_id":{account[0]},"product_id":{product.number},'
            f'"currency":{self.any(_CURRENCY[product.currency][2])},"price":{product.price},'
            f'"discount":{discount},"net_amount":{net},"tax":{tax},"total":{net - discount + tax},'
            f'"quantity":{quantity},"contract_start_date":"{self.iso(start)}",'
            f'"contract_end_date":"{self.iso(start + 365 * DAY)}",'
            f'"billing_frequency":{self.any(_FREQUENCY)}}}'
        )

    def transaction(self, number: int, invoice: Invoice, contact: str, stamp: int) -> str:
        status, paid, refund, message = self._outcome(invoice.total)
        payee, card = self.any(PEOPLE), self.pick(10) < 8
        method = self._card(number, stamp, payee) if card else f'{{"id":{number},"autopay":false}}'
        due = f'"{self.iso(stamp + 3 * DAY)}"' if self.pick(5) else "null"
        return (
            f'{{"id":{number},"portal_id":1,"account_id":{invoice.account},"contact_id":{contact},'
            f'"invoice_id":{invoice.number},"status":"{status}","products":[{invoice.lines}],'
            f'"invoice_number":"{invoice.name}",{invoice.money},"paid_amount":{paid},'
            f'"refund":{refund},"salesperson":"{self.any(PEOPLE)}","contract_start_date":null,'
            f'"contract_end_date":null,"payment_due_date":{due},"charge_message":"{message}",'
            f'"charge_date":"{self.iso(stamp)}","is_autopay":{_yes(self.pick(2) == 0)},'
            f'"payee_name":"{payee}","payee_email":"payer{number}@example.com",'
            f'"source":"{"CARD" if card else "BANK"}","method":{method}}}'
        )

    def _outcome(self, total: int) -> tuple[str, int, int, str]:
        chance = self.pick(20)
        if chance == 0:
            return "DECLINED", 0, 0, "Declined by the issuer"
        return ("REFUNDED", total, total, "SUCCESS") if chance == 1 else ("AUTHORIZED", total, 0, "SUCCESS")

    def _card(self, number: int, stamp: int, payee: str) -> str:
        """The fingerprint and the saved card's id are what must never be kept by a client."""
        brand, last = self.any(_BRANDS)
        month, year = 1 + self.pick(12), 2027 + self.pick(5)
        return (
            f'{{"id":{number},"autopay":true,"card_type":"{brand}","created_at":"{self.iso(stamp - DAY)}",'
            f'"card_expiry":"{month}/{year}","card_number":"************{last}","merchant_id":2,'
            f'"card_exp_year":{year},"saved_card_id":"{self._token(22)}","card_exp_month":{month},'
            f'"card_payee_name":"{payee}","card_fingerprint":"{self._token(20)}"}}'
        )

    def stamp(self) -> int:
        """A time in the last sixty days, but not in the last hour: what exists is not what just changed."""
        return self._now - HOUR - int(self._random.random() * (SPREAD_DAYS * DAY - HOUR))

    def row(self, number: int, text: str, stamp: int) -> Row:
        modified = None if self._random.random() < NULL_MODIFIED else stamp
        return number, text.encode(), stamp - self.pick(300) * DAY, modified

    def iso(self, milliseconds: int) -> str:
        day, rest = divmod(milliseconds, DAY)
        text = self._days.get(day)
        if text is None:
            text = self._days[day] = datetime.fromtimestamp(day * 86400, UTC).strftime("%Y-%m-%dT")
        seconds = rest // 1000
        return f"{text}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest % 1000:03d}Z"

    @property
    def next_contact(self) -> int:
        return self._contact

    def pick(self, below: int) -> int:
        return int(self._random.random() * below)

    def any(self, choice: Sequence[T]) -> T:
        return choice[int(self._random.random() * len(choice))]

    def _token(self, length: int) -> str:
        bits = self._random.getrandbits(6 * length)
        return "".join([_LETTERS[bits >> shift & 63] for shift in range(0, 6 * length, 6)])


def account_as_embedded(body: str) -> str:
    """An account as subscriptions show it: without its contacts."""
    return body[: body.index(',"contacts":')] + ',"is_active":true}'


def first_contact(body: str) -> str:
    """The id of an account's first contact, or null."""
    start = body.find('"contacts":[{"id":')
    return body[start + 18 : body.index(",", start)] if start >= 0 else "null"


def _yes(value: bool) -> str:
    return "true" if value else "false"
