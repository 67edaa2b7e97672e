"""What a company has before any client comes: a chart of accounts, places, terms, a bank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ipaas_dagster.sandbox.intacct.company import Company
from ipaas_dagster.sandbox.intacct.fields import Record

SEEDS: Mapping[str, Sequence[Record]] = {
    "LOCATION": ({"LOCATIONID": "100", "NAME": "Head office"}, {"LOCATIONID": "200", "NAME": "Branch"}),
    "DEPARTMENT": ({"DEPARTMENTID": "10", "TITLE": "Sales"}, {"DEPARTMENTID": "20", "TITLE": "Services"}),
    "GLACCOUNT": (
        {"ACCOUNTNO": "1000", "TITLE": "Bank"},
        {"ACCOUNTNO": "1099", "TITLE": "Undeposited funds"},
        {"ACCOUNTNO": "1200", "TITLE": "Accounts receivable"},
        {"ACCOUNTNO": "2100", "TITLE": "Deferred revenue"},
        {"ACCOUNTNO": "2200", "TITLE": "Sales tax payable"},
        {"ACCOUNTNO": "4000", "TITLE": "Revenue"},
        {"ACCOUNTNO": "4100", "TITLE": "Subscription revenue"},
        {"ACCOUNTNO": "4900", "TITLE": "Revenue by place", "REQUIRES": "Location,Department"},
        {"ACCOUNTNO": "4999", "TITLE": "Closed", "STATUS": "inactive"},
    ),
    "ARACCOUNTLABEL": (
        {"ACCOUNTLABEL": "Sales", "GLACCOUNTNO": "4000"},
        {"ACCOUNTLABEL": "Subscriptions", "GLACCOUNTNO": "4100"},
    ),
    "ARTERM": (
        {"NAME": "Due upon receipt", "DUE_DAYS": 0},
        {"NAME": "Net 15", "DUE_DAYS": 15},
        {"NAME": "Net 30", "DUE_DAYS": 30},
        {"NAME": "N30", "DUE_DAYS": 30},
        {"NAME": "Net 60", "DUE_DAYS": 60},
    ),
    "ARINVOICEBATCH": ({"TITLE": "Imported invoices"},),
    "CHECKINGACCOUNT": ({"BANKACCOUNTID": "CHECKING", "NAME": "First bank", "GLACCOUNTNO": "1000"},),
    "CUSTTYPE": ({"NAME": "SaaS"},),
}


def seed(company: Company, now: datetime) -> None:
    for name, records in SEEDS.items():
        for record in records:
            company.add(name, {"STATUS": "active", **record}, now)
    company.keep()
