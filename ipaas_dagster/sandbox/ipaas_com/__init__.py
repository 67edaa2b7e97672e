"""iPaaS.com's APIs for one company: strict, and with a memory. All of them are below one path, /ipaas-com/.

state.py     the stand-in: settings, records, tokens   commands.py   what a test may do behind a client's back
routes.py    a request: which API, who, what           sso.py tokens.py   users, companies, API key
limits.py    the two kinds of 429                      listing.py    searches, pages, X-Pagination
models.py    what there is, of which fields            reading.py    a record from a request
records.py   create, change, delete                    external.py external_calls.py   external ids
answers.py problems.py   JSON, errors in three forms   settings.py   what no document states
"""

from ipaas_dagster.sandbox.ipaas_com.settings import Settings
from ipaas_dagster.sandbox.ipaas_com.state import IpaasCom

__all__ = ["IpaasCom", "Settings"]
