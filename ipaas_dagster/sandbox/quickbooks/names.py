"""Customers, vendors and employees: who has a name, which nobody else of the three may have."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ipaas_dagster.sandbox.quickbooks.books import Books
from ipaas_dagster.sandbox.quickbooks.currencies import check_currency
from ipaas_dagster.sandbox.quickbooks.money import ZERO
from ipaas_dagster.sandbox.quickbooks.problems import Problem, duplicate_name, missing
from ipaas_dagster.sandbox.quickbooks.properties import Record, properties

SHARING = ("Customer", "Vendor", "Employee")
_SUFFIX = re.compile(r" \(deleted(-\d+)?\)$")
_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_ADDRESS = "Line1=500 {0}.Line2=500 {0}.Line3=500 {0}.Line4=500 {0}.Line5=500 {0}.City=255 {0}.Country=255"


def _address(name: str) -> str:
    return f"{name}.{_ADDRESS.format(name)} {name}.PostalCode=30 {name}.CountrySubDivisionCode=255"


_WHO = """m:DisplayName s:Title GivenName MiddleName FamilyName Suffix CompanyName PrintOnCheckName Notes AcctNum
 b:Active o:PrimaryPhone AlternatePhone Mobile Fax WebAddr OtherContactInfo e:PrimaryEmailAddr r:CurrencyRef"""
_LENGTHS = f"""DisplayName=500 Title=16 GivenName=100 MiddleName=100 FamilyName=100 Suffix=16 CompanyName=100
 PrintOnCheckName=110 Notes=2000 PrimaryEmailAddr.Address=100 PrimaryPhone.FreeFormNumber=30 WebAddr.URI=1000
 {_address("BillAddr")} {_address("ShipAddr")}"""
_COMPUTED = "FullyQualifiedName Balance BalanceWithJobs Level V4IDPseudonym ClientEntityId"

CUSTOMER = properties(
    f"""{_WHO} s:PreferredDeliveryMethod ResaleNum PrimaryTaxIdentifier SecondaryTaxIdentifier TaxExemptionReasonId
 GSTIN GSTRegistrationType BusinessNumber Source b:Taxable Job BillWithParent IsProject d:OpenBalanceDate
 o:BillAddr ShipAddr r:DefaultTaxCodeRef SalesTermRef PaymentMethodRef ParentRef ARAccountRef CustomerTypeRef
 l:CustomField""",
    _COMPUTED,
    _LENGTHS,
)
VENDOR = properties(
    f"""{_WHO} s:TaxIdentifier TaxReportingBasis GSTIN GSTRegistrationType BusinessNumber Source b:Vendor1099
 n:BillRate CostRate o:BillAddr ShipAddr OtherAddr VendorPaymentBankDetail r:TermRef APAccountRef""",
    _COMPUTED,
    _LENGTHS,
)
EMPLOYEE = properties(
    f"""{_WHO} s:SSN EmployeeNumber EmployeeType Gender b:BillableTime Organization n:BillRate CostRate
 d:BirthDate HiredDate ReleasedDate o:PrimaryAddr""",
    _COMPUTED,
    _LENGTHS,
)
_DEFAULTS: dict[str, Record] = {
    "Customer": {
        "Taxable": True,
        "Job": False,
        "BillWithParent": False,
        "IsProject": False,
        "PreferredDeliveryMethod": "None",
    },
    "Vendor": {"Vendor1099": False},
    "Employee": {"BillableTime": False},
}


def complete(entity: str, books: Books, record: Record, old: Record | None) -> Record:
    """A customer, vendor or employee as it is stored."""
    record.setdefault("Active", True)
    naming = Naming(entity, "DisplayName", SHARING)
    name = naming.settle(books, record.get("DisplayName") or _joined(record), record, old)
    currency = check_currency(books, record.get("CurrencyRef"))
    if old is not None and currency != old["CurrencyRef"]:
        raise Problem("6000", "Business Validation Error: The currency of a name cannot be changed.", "CurrencyRef")
    whole = {**_DEFAULTS[entity], **record, "DisplayName": name, "FullyQualifiedName": name, "CurrencyRef": currency}
    whole.setdefault("PrintOnCheckName", record.get("CompanyName") or name)
    if entity != "Employee":
        whole["Balance"] = old["Balance"] if old else ZERO
    if entity == "Customer":
        whole["BalanceWithJobs"] = whole["Balance"]
    return whole


def _joined(record: Record) -> str:
    """Without a display name, it is put together from the parts of the name."""
    name = " ".join(record[part] for part in _PARTS if record.get(part)) or record.get("CompanyName", "")
    if not name:
        parts = "Title, GivenName, MiddleName, FamilyName, DisplayName, Suffix"
        raise Problem("6080", f"At least one of these must be given: {parts}", "DisplayName")
    return name


@dataclass(frozen=True)
class Naming:
    """Which property names a record of this kind, and with which other kinds it shares its names."""

    entity: str
    field: str
    sharing: tuple[str, ...]

    def settle(self, books: Books, name: str | None, record: Record, old: Record | None) -> str:
        """The name that a record gets, by whether it is active. Raises Problem 6240 if another record has it."""
        if not name:
            raise missing(self.field)
        number = record.get("Id")
        if books.settings.inactive_names == "renamed":
            if not record["Active"]:
                return self._inactive(books, _SUFFIX.sub("", name), number)
            if old is not None and not old["Active"]:
                name = _SUFFIX.sub("", name)
        if other := self._taken_by(books, name, number):
            raise duplicate_name("customer, vendor or employee" if len(self.sharing) > 1 else other.lower())
        return name

    def _inactive(self, books: Books, plain: str, number: str | None) -> str:
        """With the recorded suffix, numbered from the second record of that name on."""
        count, name = 0, f"{plain} (deleted)"
        while self._taken_by(books, name, number):
            count += 1
            name = f"{plain} (deleted-{count})"
        return name

    def _taken_by(self, books: Books, name: str, number: str | None) -> str | None:
        """The kind of another record that has this name, active or not; None if there is none."""
        for entity in self.sharing:
            found = books.found_by(entity, self.field, [name]) or ()
            if any((entity, one) != (self.entity, number) for one in found):
                return entity
        return None
