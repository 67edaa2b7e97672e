"""Customers, vendors and employees: who has a name, which nobody else of the three may have."""

from __future__ import annotations

from ipaas_dagster.sandbox.quickbooks.books import Books
from ipaas_dagster.sandbox.quickbooks.currencies import check_currency
from ipaas_dagster.sandbox.quickbooks.money import ZERO
from ipaas_dagster.sandbox.quickbooks.problems import Problem, duplicate_name, missing
from ipaas_dagster.sandbox.quickbooks.properties import Record, properties

SHARING = ("Customer", "Vendor", "Employee")
SUFFIX = " (deleted"
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
    name = record.get("DisplayName") or _joined(record)
    active = record.setdefault("Active", True)
    name = active_name(books, name, active, (entity, record.get("Id")), SHARING, "DisplayName")
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


def active_name(
    books: Books, name: str | None, active: bool, who: tuple[str, str | None], sharing: tuple[str, ...], field: str
) -> str:
    """The name that a record gets, by whether it is active. Raises Problem 6240 if another record has it."""
    if not name:
        raise missing(field)
    if books.settings.inactive_names == "renamed":
        plain = name.partition(SUFFIX)[0]
        if active:
            name = plain
        elif not taken(books, f"{plain}{SUFFIX})", who, sharing, field):
            return f"{plain}{SUFFIX})"
        else:
            numbers = (f"{plain}{SUFFIX}-{count})" for count in range(1, 10_000))
            return next(one for one in numbers if not taken(books, one, who, sharing, field))
    if other := taken(books, name, who, sharing, field):
        raise duplicate_name("customer, vendor or employee" if who[0] in SHARING else other.lower())
    return name


def taken(books: Books, name: str, who: tuple[str, str | None], sharing: tuple[str, ...], field: str) -> str | None:
    """The kind of another record that has this name, active or not; None if there is none."""
    for entity in sharing:
        if any((entity, number) != who for number in books.found_by(entity, field, [name]) or ()):
            return entity
    return None
