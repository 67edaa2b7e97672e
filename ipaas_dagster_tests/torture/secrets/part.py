"""The part `secrets`: what was planted is searched for, in every form, in every file and in all that was printed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster.sandbox.instagaze.samples import SAMPLES
from ipaas_dagster_tests.torture.part import Order, Verdict
from ipaas_dagster_tests.torture.process import Command, live, warm
from ipaas_dagster_tests.torture.secrets.planted import Planted
from ipaas_dagster_tests.torture.secrets.searcher import Hit, Searcher
from ipaas_dagster_tests.torture.world import Place

SYSTEMS = ("sql", "files", "salesforce", "webhook", "quickbooks", "intacct", "ipaas_com", "portal_b")
CUSTOMER = "instagaze:accounts:1001"
LOOKS: tuple[Command, ...] = (
    *(("status", "--json"), ("check",), ("dead", "list", "--json"), ("rejects", "list"), ("worksheet",)),
    *(("trace", CUSTOMER, "--bodies", "--records", "--read"), ("trace", CUSTOMER, "--json", "--bodies")),
    *(("plan", "salesforce", "--out", "{folder}/plan"), ("plan", "webhook", "--out", "{folder}/plan-2")),
    ("report", "--out", "{folder}/report.html"),
    ("template", "render", "salesforce", "customers", CUSTOMER),
)
JOBS = ("snapshots", "deliver_salesforce", "deliver_quickbooks")
SHOWN = 12


def run(order: Order) -> Verdict:
    warm()
    verdict = Verdict()
    for dagster in (False, True):
        counts, hits = play(order.seed, jobs=JOBS if dagster else ())
        verdict.failures += [f"{hit.secret} ({hit.form}) stands in {hit.where}" for hit in hits[:SHOWN]]
        order.say(f"secrets: {counts}{' FAILED' if hits else ''}")
        what = "through Dagster" if dagster else "by commands"
        told = (
            f"{counts['secrets']} secrets planted, handed out or sent, {what}; {counts['echoed']} answers repeated them"
        )
        verdict.rows.append((told, f"{counts['files']} files, {counts['bytes']:,} bytes searched: {len(hits)} hits"))
    return verdict


def play(
    seed: int,
    *,
    systems: tuple[str, ...] = SYSTEMS,
    looks: tuple[Command, ...] = LOOKS,
    jobs: tuple[str, ...] = (),
) -> tuple[dict[str, int], list[Hit]]:
    """Everything is done once with secrets all over; what there was, and where one was found."""
    planted = Planted()
    with (
        tempfile.TemporaryDirectory(prefix="ipaas-torture-") as name,
        running_sandbox(accounts=8, seed=seed, samples=SAMPLES) as sandbox,
    ):
        folder = Path(name)
        place = Place(sandbox, folder / "state", systems=systems)
        planted.in_environment(place.environment)
        planted.in_source(sandbox)
        with planted.overheard(sandbox.stand_ins):
            _do_everything(place, looks, jobs)
        sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
        hits = Searcher(planted.secrets).below(folder)
    counts = {"secrets": len(planted.secrets), "echoed": planted.echoed, "files": len(sizes), "bytes": sum(sizes)}
    return counts, hits


def _do_everything(place: Place, looks: tuple[Command, ...], jobs: tuple[str, ...]) -> None:
    everything: Command = ("sync", "--json", "--debug")
    commands = [everything, *looks, ("dead", "retry"), everything]
    wrong = {"SALESFORCE_CLIENT_SECRET": "wrong-secret-of-somebody", "INSTAGAZE_TOKEN": "wrong-token-of-somebody"}
    for number, words in enumerate(commands):
        made = tuple(word.format(folder=place.folder) for word in words)
        live([made], place.environment, place.folder / f"life-{number}")
    live([everything, ("check",)], place.environment | wrong, place.folder / "life-wrong")
    for job in jobs:
        _run_job(place, job)


def _run_job(place: Place, job: str) -> None:
    """As Dagster's own command runs it; its storage is below the state folder."""
    home = place.state / "dagster"
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "job", "execute", "-m", "ipaas_dagster.definitions", "-j", job],
        env={**place.environment, "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=home,
        capture_output=True,
        check=False,
    )
    said = done.stdout + done.stderr
    (place.folder / f"job-{job}.txt").write_bytes(said)
    assert b"RUN_START" in said, said[-2000:].decode(errors="replace")
