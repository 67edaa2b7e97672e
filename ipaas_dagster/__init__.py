"""The map: how a record travels, and the file or folder that moves it on.

    source/          1  a scan reads a collection and lands it as received      pull.py, load.py
    contracts/       2  what a record must be; others are rejected with reasons
    hub/             3  current records, versions, changes                      merge.py, reconcile.py
    mapping/         4  worksheet and templates: what goes where, in what form
    outbox/          5  what is owed to each system, in order                   deliver.py
    destinations/    6  one module a kind of system
    ledger/          7  every call, and the balance                             status/, trace/, report/
    webhooks/           hints from outside, turned into pulls
    orchestration/   8  Dagster: assets, schedules, sensors                     definitions.py
    cli/             9  the `ipaas` command                                     sync.py
    sandbox/            local stand-ins of every system

What they share: records.py, errors.py, settings.py, locks.py, http.py, operations/, project.py (its stores).
Imports point down only: definitions, cli > orchestration > the use cases > project > the stages > the nouns.
"""
