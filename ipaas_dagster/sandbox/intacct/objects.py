"""The objects of the company: their keys and fields, the kind of each, and what a client may write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_STAMPS = "WHENCREATED:moment WHENMODIFIED:moment CREATEDBY:whole MODIFIEDBY:whole"
_ADDRESS = "ADDRESS1 ADDRESS2 CITY STATE ZIP COUNTRY COUNTRYCODE LATITUDE LONGITUDE"
_CONTACT = (
    "PRINTAS COMPANYNAME TAXABLE:flag TAXGROUP PREFIX FIRSTNAME LASTNAME INITIAL PHONE1 PHONE2 CELLPHONE PAGER FAX "
    "EMAIL1 EMAIL2 URL1 URL2 TAXID " + " ".join(f"MAILADDRESS.{name}" for name in _ADDRESS.split())
)
_CUSTOMER = (
    "CUSTOMERID NAME PARENTID TERMNAME CUSTTYPE CUSTREPID TAXID CREDITLIMIT:number ONHOLD:flag COMMENTS CURRENCY "
    "RESALENO DELIVERYOPTIONS SHIPPINGMETHOD TERRITORYID GLGROUP ARACCOUNT OFFSETGLACCOUNTNO ONETIME:flag STATUS "
    "HIDEDISPLAYCONTACT:flag CUSTMESSAGEID SUPDOCID ARINVOICEPRINTTEMPLATEID OEQUOTEPRINTTEMPLATEID "
    "OEORDERPRINTTEMPLATEID OELISTPRINTTEMPLATEID OEINVOICEPRINTTEMPLATEID OEADJPRINTTEMPLATEID "
    "OEOTHERPRINTTEMPLATEID OBJECTRESTRICTION RESTRICTEDLOCATIONS RESTRICTEDDEPARTMENTS EXTERNALID "
    "CONTACTINFO.CONTACTNAME BILLTO.CONTACTNAME SHIPTO.CONTACTNAME DISPLAYCONTACT.CONTACTNAME "
)
_ITEM = (
    "ITEMID NAME ITEMTYPE STATUS EXTENDED_DESCRIPTION SODESCRIPTION PODESCRIPTION BASEPRICE:number GLGROUP UOMGRP "
    "PRODUCTLINEID PRODUCTTYPE TAXABLE:flag TAXGROUP NOTE UPC STANDARD_UNIT STANDARD_COST:number COST_METHOD "
    "SHIP_WEIGHT:number INCOMEACCTKEY INVACCTKEY EXPENSEACCTKEY COGSACCTKEY OFFSETOEGLACCOUNTKEY MRR:flag "
    "TERMPERIOD DEFAULT_REVENUE_TEMPLKEY"
)
_DIMENSIONS = "LOCATIONID DEPARTMENTID PROJECTID CUSTOMERID VENDORID EMPLOYEEID ITEMID CLASSID CONTRACTID WAREHOUSEID"
_MONEY = "TOTALENTERED TOTALPAID TOTALDUE TRX_TOTALENTERED TRX_TOTALPAID TRX_TOTALDUE"
_AMOUNTS = " ".join(f"{name}:money" for name in _MONEY.split())
_INVOICE = (
    "RECORDID CUSTOMERID CUSTOMERNAME STATE RAWSTATE DOCNUMBER DESCRIPTION TERMNAME EXTERNALID "
    "WHENCREATED:day WHENPOSTED:day WHENDUE:day WHENPAID:day CURRENCY BASECURR EXCHANGE_RATE:number SUPDOCID "
    f"{_AMOUNTS} PRBATCHKEY NOGL:flag BILLTOPAYTOCONTACTNAME SHIPTORETURNTOCONTACTNAME REVERSEDDATE:day "
    "AUWHENCREATED:moment WHENMODIFIED:moment CREATEDBY:whole MODIFIEDBY:whole"
)
_LINE = (
    "RECORDKEY:whole LINE_NO:whole ACCOUNTNO ACCOUNTLABEL OFFSETGLACCOUNTNO AMOUNT:money TRX_AMOUNT:money "
    f"TOTALPAID:money TOTALDUE:money ENTRYDESCRIPTION {_DIMENSIONS} {_STAMPS}"
)
_PAYMENT = (
    "RECORDID CUSTOMERID CUSTOMERNAME STATE DOCNUMBER PAYMENTMETHOD RECEIPTDATE:day PAYMENTDATE:day "
    f"FINANCIALENTITY UNDEPOSITEDACCOUNTNO PRBATCHKEY CURRENCY BASECURR EXCHANGE_RATE:number {_AMOUNTS} "
    "OVERPAYMENTLOCATIONID OVERPAYMENTDEPARTMENTID REVERSEDDATE:day DESCRIPTION AUTHCODE "
    "AUWHENCREATED:moment WHENMODIFIED:moment CREATEDBY:whole MODIFIEDBY:whole"
)
_DETAIL = "PAYMENTKEY:whole RECORDKEY:whole TRX_PAYMENTAMOUNT:money PAYMENTAMOUNT:money STATE PAYMENTDATE:day"
_SERVERS = frozenset(["RECORDNO", "WHENCREATED", "WHENMODIFIED", "CREATEDBY", "MODIFIEDBY", "TOTALDUE"])
ITEM_TYPES = (
    "Inventory",
    "Non-Inventory",
    "Non-Inventory (Purchase only)",
    "Non-Inventory (Sales only)",
    "Kit",
    "Stockable Kit",
)


@dataclass(frozen=True)
class ObjectType:
    """`key` names a record beside RECORDNO; `written` says whether create, update and delete work on it."""

    name: str
    title: str
    key: str
    fields: Mapping[str, str]
    written: bool = False
    needed: tuple[str, ...] = ()
    longest: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def writable(self, name: str) -> bool:
        return name in self.fields and (name not in _SERVERS)


def _kinds(text: str) -> Mapping[str, str]:
    pairs = (part.partition(":") for part in f"RECORDNO:whole {text}".split())
    return MappingProxyType({name: kind or "text" for name, _, kind in pairs})


_STATUS = {"STATUS": ("active", "inactive")}
_DISPLAY = " ".join(f"DISPLAYCONTACT.{part}" for part in _CONTACT.split())
_WRITTEN = (
    ObjectType(
        "CUSTOMER", "Customer", "CUSTOMERID",
        _kinds(f"{_CUSTOMER} {_DISPLAY} TOTALDUE:money {_STAMPS}"),
        True, ("NAME",), {"CUSTOMERID": 20, "NAME": 100}, _STATUS,
    ),
    ObjectType(
        "CONTACT", "Contact", "CONTACTNAME",
        _kinds(f"CONTACTNAME {_CONTACT} STATUS {_STAMPS}"),
        True, ("CONTACTNAME", "PRINTAS"), {"CONTACTNAME": 200, "PRINTAS": 200, "EMAIL1": 200}, _STATUS,
    ),
    ObjectType(
        "ITEM", "Item", "ITEMID",
        _kinds(f"{_ITEM} {_STAMPS}"),
        True, ("ITEMID", "NAME", "ITEMTYPE"), {"ITEMID": 30, "NAME": 100}, {**_STATUS, "ITEMTYPE": ITEM_TYPES},
    ),
)  # fmt: skip
_RECEIVABLE = (
    ObjectType("ARINVOICE", "AR Invoice", "RECORDNO", _kinds(_INVOICE)),
    ObjectType("ARINVOICEITEM", "AR Invoice Detail", "RECORDNO", _kinds(_LINE)),
    ObjectType("ARPYMT", "AR Payment", "RECORDNO", _kinds(_PAYMENT)),
    ObjectType("ARPYMTDETAIL", "AR Payment Detail", "RECORDNO", _kinds(_DETAIL)),
)
_SIMPLE = {
    "LOCATION": ("Location", "LOCATIONID"),
    "DEPARTMENT": ("Department", "DEPARTMENTID"),
    "GLACCOUNT": ("GL Account", "ACCOUNTNO"),
    "ARACCOUNTLABEL": ("AR Account Label", "ACCOUNTLABEL"),
    "ARTERM": ("AR Term", "NAME"),
    "ARINVOICEBATCH": ("Invoice Summary", "TITLE"),
    "CHECKINGACCOUNT": ("Checking Account", "BANKACCOUNTID"),
    "CUSTTYPE": ("Customer Type", "NAME"),
    "TERRITORY": ("Territory", "TERRITORYID"),
    "PROJECT": ("Project", "PROJECTID"),
    "VENDOR": ("Vendor", "VENDORID"),
    "EMPLOYEE": ("Employee", "EMPLOYEEID"),
    "CLASS": ("Class", "CLASSID"),
    "CONTRACT": ("Contract", "CONTRACTID"),
    "WAREHOUSE": ("Warehouse", "WAREHOUSEID"),
}
_SIMPLE_EXTRA = "TITLE NAME STATUS GLACCOUNTNO DUE_DAYS:whole REQUIRES"


def _simple(name: str, title: str, key: str) -> ObjectType:
    return ObjectType(name, title, key, _kinds(f"{key} {_SIMPLE_EXTRA} {_STAMPS}"))


OBJECTS: Mapping[str, ObjectType] = {
    one.name: one for one in (*_WRITTEN, *_RECEIVABLE, *(_simple(name, *rest) for name, rest in _SIMPLE.items()))
}
INDEXES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "CUSTOMER": (
        ("PARENTID",),
        ("CONTACTINFO.CONTACTNAME",),
        ("BILLTO.CONTACTNAME",),
        ("SHIPTO.CONTACTNAME",),
        ("DISPLAYCONTACT.CONTACTNAME",),
    ),
    "ARINVOICE": (("RECORDID",), ("CUSTOMERID",), ("EXTERNALID",)),
    "ARINVOICEITEM": (("RECORDKEY",), ("ITEMID",)),
    "ARPYMT": (("CUSTOMERID",),),
    "ARPYMTDETAIL": (("PAYMENTKEY",), ("RECORDKEY",)),
}
