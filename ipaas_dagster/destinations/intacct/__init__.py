"""A Sage Intacct company, through its XML gateway. Each record is a function, once under its control id.

preset     how it is connected                        session    getAPISession and the endpoint that it names
markup     XML, built and read hardened               envelope   control, operation, functions; credentials as holes
replies    an answer's three levels                   api        one call; sessions renewed; questions
problems   what an error means                        objects    what is known of the five objects
masters    CUSTOMER, CONTACT, ITEM as XML             sequences  the order of elements, where it is strict
invoices   an AR invoice and its lines as XML         payments   an AR payment, applied to its invoice
looking    what is there already                      planning   a batch as functions, after look-ups
judging    results as outcomes                        usage      transactions of the month
setup      whether the company has what templates name
"""

from __future__ import annotations

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.destinations.intacct.destination import CAPABILITIES, IntacctDestination

__all__ = ["CAPABILITIES", "IntacctDestination", "connect"]


def connect(setting: Setting) -> IntacctDestination:
    """Nothing is asked yet. Raises SettingsError for preset fields and routes that cannot be used."""
    return IntacctDestination(setting)
