"""Local stand-ins that speak each system's real protocol, for demos and tests.

    server.py      one server for every stand-in; running_sandbox() for tests, serve() for the command line
    listening.py   its ports, http and https         certificate.py   what https needs
    process.py     the same server as a child process, for big loads, driven through its control paths
    edge.py        where a request comes in: faults, stand-in, journal
    faults.py      what may go wrong, how often            journal.py   every request that was made
    clock.py       the time that the stand-ins live in     control.py   /_sandbox/...: all of these over HTTP
    exchange.py    Call and Answer, and what a stand-in is (StandIn)
    instagaze/     the Instagaze admin API
    quickbooks/    QuickBooks Online v3
    intacct/       the XML gateway of Sage Intacct
    ipaas_com/     the APIs of iPaaS.com
    webhook/       a receiver of signed events

Adding a stand-in is one module with a StandIn, and its name in server.Sandbox. Nothing here imports the
product: a stand-in that shared the product's reading of a document would agree with its mistakes.
"""

from ipaas_dagster.sandbox.faults import Fault, every_kind
from ipaas_dagster.sandbox.instagaze.bad import BAD_RECORDS, BadRecord
from ipaas_dagster.sandbox.instagaze.dialects import Dialect
from ipaas_dagster.sandbox.process import SandboxProcess, sandbox_process
from ipaas_dagster.sandbox.server import Sandbox, running_sandbox, serve

__all__ = [
    "BAD_RECORDS",
    "BadRecord",
    "Dialect",
    "Fault",
    "Sandbox",
    "SandboxProcess",
    "every_kind",
    "running_sandbox",
    "sandbox_process",
    "serve",
]
