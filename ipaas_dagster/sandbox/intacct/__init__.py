"""A local Sage Intacct: the XML gateway over a company in memory, strict where the vendor is.

gateway.py     a request, level by level: HTTP, control, operation, function     state.py      Intacct: the stand-in
envelope.py    reading a request, hardened; the three levels as data             answers.py    writing responses
schema.py      which elements may stand where; content.py decides                refusals.py   errors on every level
sessions.py    API sessions and their endpoint      executed.py  control ids     limits.py     how much at a time
operation.py   functions one by one, or all or nothing                           functions.py  name -> what it does
company.py     the records, and undoing             objects.py   what objects are made of      seeds.py  chart, terms
unplayed.py    fields that stay empty               fields.py    texts to values               job.py    where it runs
writing.py     create and update of CUSTOMER, CONTACT, ITEM      deleting.py     references.py  what keys must name
invoices.py lines.py payments.py applying.py        accounts receivable, as legacy.py reads it
reading.py     read, readByName, readByQuery, readMore (results.py)              querying.py   query
words.py       the language of readByQuery          filters.py   the filters of query          comparing.py
describing.py  inspect, lookup                      settings.py  what companies differ in      commands.py  of tests

Facts that no document confirms are settings; docs/sandbox_intacct.md says which.
"""

from ipaas_dagster.sandbox.intacct.settings import Settings
from ipaas_dagster.sandbox.intacct.state import Intacct

__all__ = ["Intacct", "Settings"]
