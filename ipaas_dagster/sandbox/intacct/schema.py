"""Which elements may stand where in a request: the sequences of the official schema that we play, as data.

An element without an entry is a leaf: text, no children, no attributes. `query` and `lookup` are younger
than the published schema; theirs are from the vendor's pages. Names not listed in FUNCTION are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ipaas_dagster.sandbox.intacct.content import AnyOrder, Attributes, Ordered
from ipaas_dagster.sandbox.intacct.refusals import malformed

Element = Any
"""lxml's element; its stubs are not installed."""

_GENERIC = ("create", "update", "delete", "read", "readByName", "readByQuery", "readMore", "query", "inspect", "lookup")
_RECEIVABLE = (
    *("create_invoice", "update_invoice", "delete_invoice", "reverse_invoice"),
    *("create_arpayment", "apply_arpayment", "reverse_arpayment"),
)
FUNCTIONS = ("getAPISession", *_GENERIC, *_RECEIVABLE, "delete_customer", "delete_contact", "delete_item")

_DATE = Ordered("year month day")
_PARTY = Ordered("contact|contactname")
_BOOLEAN = ("true", "false")
_RATE = "(currency ((exchratedate? exchratetype)|exchrate))?"
_LINE = (
    "customfields? revrectemplate? defrevaccount? revrecstartdate? revrecenddate? projectid? customerid? vendorid? "
    "employeeid? itemid? classid? contractid? warehouseid? billable?"
)
_COMPARED = (
    *("equalto", "notequalto", "lessthan", "lessthanorequalto", "greaterthan", "greaterthanorequalto"),
    *("like", "notlike"),
)
_FILTER = "|".join([*_COMPARED, "between", "in", "notin", "isnull", "isnotnull", "and", "or"])

MODELS: Mapping[str, Ordered | AnyOrder] = {
    "request": Ordered("control operation+"),
    "control": Ordered("senderid password? controlid uniqueid? dtdversion? policyid? debug? includewhitespace?"),
    "operation": Ordered("authentication preferences* content*"),
    "authentication": Ordered("login|sessionid|oauth"),
    "login": Ordered("userid companyid password clientid? locationid?"),
    "preferences": Ordered("companyprefs* moduleprefs*"),
    "companyprefs": Ordered("companypref+"),
    "companypref": Ordered("application preference prefvalue"),
    "moduleprefs": Ordered("modulepref+"),
    "modulepref": Ordered("application preference prefvalue"),
    "content": Ordered("function+"),
    "function": Ordered("|".join(FUNCTIONS)),
    "getAPISession": Ordered("locationid?"),
    "inspect": Ordered("object|name"),
    "lookup": Ordered("object"),
    "delete": AnyOrder(("object", "keys")),
    "read": AnyOrder(("object", "keys"), ("fields", "returnFormat", "docparid")),
    "readByName": AnyOrder(("object", "keys"), ("fields", "returnFormat", "docparid")),
    "readByQuery": AnyOrder(("object", "query"), ("pagesize", "fields", "returnFormat", "docparid")),
    "readMore": Ordered("object|view|reportId|resultId"),
    "query": AnyOrder(("object", "select"), ("filter", "orderby", "options", "pagesize", "offset", "docparid")),
    "select": Ordered("(field|count|sum|min|max|avg)+"),
    "orderby": Ordered("order+"),
    "order": Ordered("field (ascending|descending)?"),
    "options": AnyOrder((), ("caseinsensitive", "showprivate", "returnformat")),
    "filter": Ordered(_FILTER),
    "and": Ordered(f"({_FILTER})+"),
    "or": Ordered(f"({_FILTER})+"),
    **{name: Ordered("field value") for name in _COMPARED},
    "between": Ordered("field value value"),
    "in": Ordered("field value+"),
    "notin": Ordered("field value+"),
    "isnull": Ordered("field"),
    "isnotnull": Ordered("field"),
    "create_invoice": Ordered(
        "customerid datecreated dateposted? datedue? termname? batchkey? action? invoiceno? ponumber? description? "
        f"externalid? billto? shipto? (basecurr? {_RATE[:-1]})? nogl? supdocid? customfields? invoiceitems"
    ),
    "update_invoice": Ordered(
        "customerid? datecreated? dateposted? datedue? termname? action? invoiceno? ponumber? description? payto? "
        f"returnto? {_RATE} supdocid? customfields? updateinvoiceitems?"
    ),
    "delete_invoice": Ordered(""),
    "reverse_invoice": Ordered("datereversed description?"),
    "create_arpayment": Ordered(
        "customerid paymentamount translatedamount? (batchkey|bankaccountid|undepfundsacct)? refid? overpaylocid? "
        f"overpaydeptid? datereceived? paymentmethod? (basecurr? {_RATE[:-1]})? cctype? authcode? arpaymentitem* "
        "(onlinecardpayment|onlineachpayment)*"
    ),
    "apply_arpayment": Ordered(
        "arpaymentkey paymentdate batchkey? memo? overpaylocid? overpaydeptid? arpaymentitems*"
    ),
    "reverse_arpayment": Ordered("datereversed description? nsfclosedaccount?"),
    "delete_customer": Ordered(""),
    "delete_contact": Ordered(""),
    "delete_item": Ordered(""),
    "invoiceitems": Ordered("lineitem+"),
    "lineitem": Ordered(
        "(accountlabel|glaccountno) offsetglaccountno? amount allocationid? memo? locationid? departmentid? item1099? "
        f"form1099type? form1099box? key? totalpaid? totaldue? {_LINE}"
    ),
    "updateinvoiceitems": Ordered("(lineitem|updatelineitem)+"),
    "updatelineitem": Ordered(
        "(accountlabel|glaccountno)? offsetglaccountno? amount? memo? locationid? departmentid? item1099? "
        f"form1099type? form1099box? {_LINE}"
    ),
    "arpaymentitems": Ordered("arpaymentitem+"),
    "arpaymentitem": Ordered("invoicekey amount"),
    "onlinecardpayment": Ordered("cardnum expirydate cardtype securitycode? usedefaultcard?"),
    "expirydate": Ordered("exp_month exp_year"),
    "onlineachpayment": Ordered(
        "bankname accounttype accountnumber routingnumber accountholder usedefaultaccount?"
    ),
    "customfields": Ordered("customfield*"),
    "customfield": Ordered("customfieldname customfieldvalue"),
    **dict.fromkeys(("billto", "shipto", "payto", "returnto"), _PARTY),
    "contact": Ordered(
        "contactname printas taxable? companyname? taxgroup? prefix? firstname? lastname? initial? phone1? phone2? "
        "cellphone? pager? fax? email1? email2? url1? url2? status? mailaddress? taxid?"
    ),
    "mailaddress": Ordered("address1? address2? city? state? zip? country? isocountrycode? latitude? longitude?"),
    **dict.fromkeys(("datecreated", "dateposted", "datedue", "datereversed", "datereceived"), _DATE),
    **dict.fromkeys(("exchratedate", "paymentdate", "revrecstartdate", "revrecenddate"), _DATE),
}  # fmt: skip

_KEYED = Attributes({"key": ()}, {"externalkey": _BOOLEAN})
ATTRIBUTES: Mapping[str, Attributes] = {
    "operation": Attributes({}, {"transaction": _BOOLEAN}),
    "function": Attributes({"controlid": ()}),
    "inspect": Attributes({}, {"detail": ()}),
    "update_invoice": Attributes({"key": ()}, {"externalkey": _BOOLEAN, "set_nulls": _BOOLEAN}),
    "delete_invoice": _KEYED,
    "reverse_invoice": Attributes({"key": ()}),
    "reverse_arpayment": Attributes({"key": ()}),
    "updatelineitem": Attributes({"line_num": ()}),
    "delete_customer": Attributes({"customerid": ()}, {"externalkey": _BOOLEAN}),
    "delete_contact": Attributes({"contactname": ()}, {"externalkey": _BOOLEAN}),
    "delete_item": Attributes({"itemid": ()}),
}
_PLAIN = Attributes()
_OF_LEAVES = frozenset(
    (
        *("getAPISession", "inspect", "lookup", "delete", "read", "readByName", "readByQuery", "readMore"),
        *("select", "order", "options"),
    )
)
"""Their children are leaves, whatever an element of that name is elsewhere."""
_LONGEST_CONTROL_ID = 256
_XML_BOOLEANS = ("true", "false", "1", "0")


def check_request(root: Element) -> None:
    """Raises ControlRefused for the first element that may not be as it is, the way a parser with the schema does."""
    if root.tag != "request":
        raise malformed(f"Element '{root.tag}': No matching global declaration available.", root.sourceline)
    _check(root)


def _check(element: Element) -> None:
    tag = element.tag
    if wrong := ATTRIBUTES.get(tag, _PLAIN).wrong(element.attrib):
        raise malformed(f"Element '{tag}': {wrong}", element.sourceline)
    if tag in ("create", "update"):
        _check_text(element)
        if len(element) == 0:
            raise malformed(f"Element '{tag}': Missing child element(s).", element.sourceline)
        return
    if tag == "function" and len(element.get("controlid")) > _LONGEST_CONTROL_ID:
        raise malformed("Element 'function': the controlid is longer than 256 characters.", element.sourceline)
    model = MODELS.get(tag)
    if model is None:
        _check_leaf(element)
        return
    _check_text(element)
    if wrong := model.wrong([child.tag for child in element]):
        raise malformed(f"Element '{tag}': {wrong}", element.sourceline)
    inner = _check_leaf if tag in _OF_LEAVES else _check
    for child in element:
        inner(child)


def _check_leaf(element: Element) -> None:
    if len(element):
        raise malformed(f"Element '{element[0].tag}': This element is not expected.", element.sourceline)
    if element.attrib:
        raise malformed(f"Element '{element.tag}': no attribute is allowed.", element.sourceline)
    if element.tag == "includewhitespace" and (element.text or "").strip() not in _XML_BOOLEANS:
        raise malformed("Element 'includewhitespace': not a valid value of the type boolean.", element.sourceline)
    if element.tag == "controlid" and len(element.text or "") > _LONGEST_CONTROL_ID:
        raise malformed("Element 'controlid': longer than 256 characters.", element.sourceline)


def _check_text(element: Element) -> None:
    """Between the children of an element that has children only space may stand."""
    texts = (element.text, *(child.tail for child in element))
    if any(text and not text.isspace() for text in texts):
        raise malformed(f"Element '{element.tag}': Character content is not allowed.", element.sourceline)
