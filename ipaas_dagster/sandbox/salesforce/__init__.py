"""Salesforce, the stand-in: an org that was set up for this sync, with the REST and Bulk 2.0 APIs.

state.py       the whole; what a test may do            commands.py    the same by name
routes.py      from a request to its resource           asked.py       what a request means
tokens.py      who may come in                          usage.py       how often
single.py      one record                               many.py        up to 200 records in one call
queries.py     a query's pages                          behaviour.py   what differs between orgs
describe.py    what the org says of its objects         problems.py    how it refuses
soql.py        a query's text                           search.py, conditions.py   what it finds
schema.py      objects and fields, of org.json          values.py      values of each type
table.py       records and their indexes                org.py         writes, taken back if need be
writing.py     records as they are sent                 chunk.py       several of them in order
shown.py       records as they are answered             ids.py         record ids
"""

from ipaas_dagster.sandbox.salesforce.behaviour import Behaviour
from ipaas_dagster.sandbox.salesforce.state import Salesforce
from ipaas_dagster.sandbox.salesforce.tokens import Credentials

__all__ = ["Behaviour", "Credentials", "Salesforce"]
