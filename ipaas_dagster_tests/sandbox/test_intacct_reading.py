"""read, readByName, readByQuery with readMore, query, inspect and lookup."""

from __future__ import annotations

import pytest

from ipaas_dagster.sandbox.intacct import Intacct
from ipaas_dagster_tests.sandbox.intacct_client import (
    customer,
    function,
    invoice,
    line,
    one,
    payment,
    post,
    request,
    results,
    run,
)


@pytest.fixture(scope="module")
def intacct() -> Intacct:
    """C1 to C5, two invoices of C1, one partly paid. Only read here."""
    made = Intacct()
    names = ("Alpha", "Beta", "O'Brien", "alpha", "")
    run(
        made,
        *(customer(f"C{n}", name or "Zed", "<COMMENTS>x</COMMENTS>" * (n == 5)) for n, name in enumerate(names, 1)),
    )
    run(made, invoice("I1", line("10.00"), line("2.50")), invoice("I2", line("9.00")), payment("1", ("1", "1")))
    made.command("change", {"object": "CUSTOMER", "key": "C4", "fields": {"STATUS": "inactive"}})
    return made


def by_query(words: str, name: str = "CUSTOMER", fields: str = "RECORDNO", more: str = "") -> str:
    return f"<readByQuery><object>{name}</object><fields>{fields}</fields><query>{words}</query>{more}</readByQuery>"


def query(inner: str, name: str = "CUSTOMER", select: str = "<field>RECORDNO</field>") -> str:
    return f"<query><object>{name}</object><select>{select}</select>{inner}</query>"


def numbers(intacct: Intacct, inner: str) -> str:
    found = one(intacct, inner)
    assert found.status == "success", found.texts
    return "".join(row["RECORDNO"] for row in found.rows())


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", "12345"),
        ("CUSTOMERID = 'C2'", "2"),
        ("CUSTOMERID = &quot;C2&quot;", "2"),
        ("CUSTOMERID in ('C1', 'C3', 'X')", "13"),
        ("CUSTOMERID not in ('C1','C3')", "245"),
        ("NAME = 'Alpha'", "1"),
        ("NAME = 'O\\'Brien'", "3"),
        ("NAME like '%lpha'", "14"),
        ("NAME not like '%lpha'", "235"),
        ("NAME like '_eta'", "2"),
        ("RECORDNO &lt; 3", "12"),
        ("RECORDNO &gt;= 3 AND RECORDNO != 4", "35"),
        ("RECORDNO = 1 or RECORDNO = 2 and NAME = 'x'", "1"),
        ("(RECORDNO = 1 OR RECORDNO = 2) AND NAME like 'B%'", "2"),
        ("not (RECORDNO = 1 or RECORDNO = 2) and not STATUS = 'inactive'", "35"),
        ("COMMENTS is null", "1234"),
        ("COMMENTS IS NOT NULL", "5"),
        ("TOTALDUE &gt; 20", "1"),
        ("WHENCREATED &gt; '01/01/2020'", "12345"),
    ],
)
def test_the_language_of_read_by_query(intacct: Intacct, words: str, found: str) -> None:
    assert numbers(intacct, by_query(words)) == found


@pytest.mark.parametrize(
    "words",
    [
        *("CUSTOMERID", "CUSTOMERID =", "NICKNAME = 'x'", "= 'x'", "CUSTOMERID = 'C1' NAME", "(RECORDNO = 1"),
        *("RECORDNO = x", "CUSTOMERID in 'C1'", "CUSTOMERID in ()", "CUSTOMERID between 1", "NAME = 'open", "not"),
        "(" * 60 + ")" * 60,
    ],
)
def test_a_query_that_is_not_understood_fails(intacct: Intacct, words: str) -> None:
    failed = one(intacct, by_query(words))
    assert (failed.status, failed.errors[0][0]) == ("failure", "Query Failed")


@pytest.mark.parametrize(
    "inner",
    [
        by_query("", "BADOBJECT"),
        by_query("", fields="RECORDNO,NICKNAME"),
        by_query("", more="<pagesize>1001</pagesize>"),
        by_query("", more="<pagesize>0</pagesize>"),
        by_query("", more="<returnFormat>csv</returnFormat>"),
        query("<pagesize>2001</pagesize>"),
        query("<offset>-1</offset>"),
        query("", select="<field>NICKNAME</field>"),
        query("", select="<sum>NAME</sum>"),
        query("<filter><equalto><field>NICKNAME</field><value>1</value></equalto></filter>"),
        query("<filter><equalto><field>RECORDNO</field><value>one</value></equalto></filter>"),
        query("<orderby><order><field>NICKNAME</field></order></orderby>"),
        "<read><object>VENDOR9</object><keys>1</keys></read>",
        f"<read><object>CUSTOMER</object><keys>{','.join(map(str, range(101)))}</keys></read>",
        "<readMore><resultId>none</resultId></readMore>",
        "<readMore><view>x</view></readMore>",
    ],
)
def test_what_cannot_be_read_is_refused(intacct: Intacct, inner: str) -> None:
    assert one(intacct, inner).errors[0][0] == "Query Failed"


def test_read_by_record_number_and_by_name(intacct: Intacct) -> None:
    read = "<{0}><object>CUSTOMER</object><keys>{1}</keys><fields>RECORDNO,NAME</fields></{0}>"
    by_number, by_name = run(intacct, read.format("read", "2,1,99,x"), read.format("readByName", "C5,nobody"))
    assert by_number.rows() == [{"RECORDNO": "2", "NAME": "Beta"}, {"RECORDNO": "1", "NAME": "Alpha"}]
    assert by_number.attributes() == {"listtype": "CUSTOMER", "count": "2"}
    assert by_name.rows() == [{"RECORDNO": "5", "NAME": "Zed"}]


def test_reading_an_invoice_whole_brings_its_lines(intacct: Intacct) -> None:
    data = one(intacct, "<read><object>ARINVOICE</object><keys>1</keys><fields>*</fields></read>").element.find("data")
    items = data.findall("ARINVOICE/ARINVOICEITEMS/arinvoiceitem")
    assert [(item.findtext("LINE_NO"), item.findtext("AMOUNT")) for item in items] == [("0", "10.00"), ("1", "2.50")]
    assert data.findtext("ARINVOICE/STATE") == "Partially Paid"
    assert one(intacct, by_query("RECORDKEY = 1", "ARINVOICEITEM")).attributes()["totalcount"] == "2"


def test_pages_go_on_with_read_more_in_their_session(intacct: Intacct) -> None:
    name = one(intacct, "<getAPISession/>").element.findtext("data/api/sessionid")
    auth = f"<sessionid>{name}</sessionid>"
    first = one(intacct, by_query("", more="<pagesize>2</pagesize>"), auth=auth)
    given = first.attributes()
    assert (given["count"], given["totalcount"], given["numremaining"], given["listtype"]) == (
        "2",
        "5",
        "3",
        "customer",
    )
    more = f"<readMore><resultId>{given['resultId']}</resultId></readMore>"
    assert one(intacct, more).status == "failure", "another session's"
    second, third = (
        one(intacct, more, auth=auth),
        one(intacct, "<readMore><object>CUSTOMER</object></readMore>", auth=auth),
    )
    assert [row["RECORDNO"] for row in (*second.rows(), *third.rows())] == ["3", "4", "5"]
    assert (third.attributes()["numremaining"], third.attributes()["resultId"]) == ("0", "")
    assert one(intacct, more, auth=auth).status == "failure", "nothing remains"


def test_an_empty_list_has_its_counts(intacct: Intacct) -> None:
    found = one(intacct, by_query("CUSTOMERID = 'no'"))
    assert found.attributes() == {
        "listtype": "customer",
        "count": "0",
        "totalcount": "0",
        "numremaining": "0",
        "resultId": "",
    }


def compared(operator: str, field: str, *values: str) -> str:
    return f"<{operator}><field>{field}</field>{''.join(f'<value>{one}</value>' for one in values)}</{operator}>"


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (compared("equalto", "CUSTOMERID", "C2"), "2"),
        (compared("notequalto", "CUSTOMERID", "C2"), "1345"),
        (compared("greaterthan", "RECORDNO", "3"), "45"),
        (compared("lessthanorequalto", "RECORDNO", "2"), "12"),
        (compared("between", "RECORDNO", "2", "4"), "234"),
        (compared("in", "CUSTOMERID", "C1", "C5"), "15"),
        (compared("notin", "CUSTOMERID", "C1", "C5"), "234"),
        (compared("like", "NAME", "O'%"), "3"),
        (compared("notlike", "NAME", "%a"), "35"),
        (compared("isnull", "COMMENTS"), "1234"),
        (compared("isnotnull", "COMMENTS"), "5"),
        (compared("equalto", "TOTALDUE", "20.5"), "1"),
        (f"<and>{compared('like', 'NAME', '%lpha')}{compared('equalto', 'STATUS', 'active')}</and>", "1"),
        (f"<or>{compared('equalto', 'RECORDNO', '1')}<and>{compared('equalto', 'RECORDNO', '2')}</and></or>", "12"),
    ],
)
def test_the_filters_of_query(intacct: Intacct, condition: str, found: str) -> None:
    assert numbers(intacct, query(f"<filter>{condition}</filter>")) == found


def test_query_is_ordered_and_cut(intacct: Intacct) -> None:
    orders = "<orderby><order><field>STATUS</field><descending/></order><order><field>NAME</field></order></orderby>"
    assert numbers(intacct, query(orders)) == "41235"
    page = one(intacct, query(orders + "<pagesize>2</pagesize><offset>1</offset>"))
    assert [row["RECORDNO"] for row in page.rows()] == ["1", "2"]
    assert page.attributes() == {
        "listtype": "CUSTOMER",
        "totalcount": "5",
        "offset": "1",
        "count": "2",
        "numremaining": "2",
    }


def test_fields_are_written_flat_under_the_objects_name(intacct: Intacct) -> None:
    select = "<field>CUSTOMERID</field><field>DISPLAYCONTACT.PRINTAS</field><field>PARENTNAME</field>"
    found = one(intacct, query(f"<filter>{compared('equalto', 'RECORDNO', '1')}</filter>", select=select))
    assert found.element.find("data")[0].tag == "CUSTOMER"
    assert found.rows() == [{"CUSTOMERID": "C1", "DISPLAYCONTACT.PRINTAS": "Alpha", "PARENTNAME": ""}]


def test_aggregates(intacct: Intacct) -> None:
    select = "<count>RECORDNO</count><sum>TOTALDUE</sum><max>RECORDID</max>"
    found = one(intacct, query("", "ARINVOICE", select))
    assert found.rows() == [{"COUNT.RECORDNO": "2", "SUM.TOTALDUE": "20.50", "MAX.RECORDID": "I2"}]


def test_pages_of_query_move_when_records_go() -> None:
    """Nothing is kept between pages, unlike readMore: what is deleted shifts the rest."""
    intacct = Intacct()
    run(intacct, *(customer(f"C{n}") for n in range(4)))
    page = query("<pagesize>2</pagesize><offset>{}</offset>")
    assert numbers(intacct, page.format(0)) == "12"
    intacct.command("delete", {"object": "CUSTOMER", "key": "C0"})
    assert numbers(intacct, page.format(2)) == "4"


def test_objects_describe_themselves(intacct: Intacct) -> None:
    inner = ("<inspect><object>*</object></inspect>", "<lookup><object>ITEM</object></lookup>")
    everything, item = run(intacct, *inner)
    assert "ARINVOICE" in [found.get("typename") for found in everything.element.iter("type")]
    fields = {field.findtext("ID"): field for field in item.element.iter("Field")}
    assert fields["ITEMTYPE"].findtext("REQUIRED") == "true"
    assert fields["BASEPRICE"].findtext("DATATYPE") == "DECIMAL"
    detailed = one(intacct, '<inspect detail="1"><object>CUSTOMER</object></inspect>').element
    assert {field.findtext("Name") for field in detailed.iter("Field")} >= {"CUSTOMERID", "TOTALDUE"}
    assert "Object type NOTHING not found" in one(intacct, "<lookup><object>NOTHING</object></lookup>").texts


def test_the_chart_is_there_to_be_read(intacct: Intacct) -> None:
    names = {"GLACCOUNT": "ACCOUNTNO", "LOCATION": "LOCATIONID", "DEPARTMENT": "DEPARTMENTID", "ARTERM": "NAME"}
    found = {name: {row[key] for row in one(intacct, by_query("", name, key)).rows()} for name, key in names.items()}
    assert {"1099", "1200", "4000", "4100"} <= found["GLACCOUNT"]
    assert "100" in found["LOCATION"]
    assert "10" in found["DEPARTMENT"]
    assert "Net 30" in found["ARTERM"]


def test_commands_change_things_behind_the_clients_back() -> None:
    intacct = Intacct()
    assert intacct.command("seed", {"object": "PROJECT", "records": [{"PROJECTID": "P1"}]}) == {"numbers": [1]}
    one(intacct, customer("C1"))
    dated = one(intacct, invoice("I1", line("1", "<projectid>P1</projectid>")))
    assert dated.status == "success"
    intacct.command("change", {"object": "ARINVOICE", "number": 1, "fields": {"TOTALDUE": "0.50"}})
    assert intacct.truth("ARINVOICE")[0]["TOTALDUE"] == "0.50"
    intacct.command("settings", {"max_functions": 1})
    assert results(post(intacct, request(function("f", by_query("")))))[0].status == "success"
    for name, given in (("melt", {}), ("settings", {"speed": 1})):
        with pytest.raises(ValueError, match="it has"):
            intacct.command(name, given)
    with pytest.raises(KeyError):
        intacct.command("delete", {"object": "CUSTOMER", "key": "nobody"})
