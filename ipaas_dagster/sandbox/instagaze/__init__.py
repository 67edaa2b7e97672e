"""A local Instagaze: the documented admin API over records in memory.

resources.py   the documented paths, verbs and shapes            answers.py    errors as documented
state.py       Instagaze: the stand-in, and the hands of tests   filters.py    created, modified, limit, ...
shelf.py       one collection's records and their orders         routes.py     a request to its resource
writing.py     POST and PATCH, and what the server adds          dialects.py   how else a server may answer
samples.py     the documented records, from data/samples         bad.py        records that break contracts
generated.py   as many more as asked                             mutation.py   random changes, by seed
"""

from ipaas_dagster.sandbox.instagaze.bad import BAD_RECORDS, BadRecord
from ipaas_dagster.sandbox.instagaze.dialects import Dialect
from ipaas_dagster.sandbox.instagaze.state import Instagaze, second_portal

__all__ = ["BAD_RECORDS", "BadRecord", "Dialect", "Instagaze", "second_portal"]
