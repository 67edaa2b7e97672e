"""Bulk API 2.0 jobs that outlive a crash: each id is noted before its upload, and asked about before anything is
sent again.

    none, or gone          make it, note it, upload, close
    Open                   its upload may not be whole: abort it, make another
    UploadComplete, InProgress    wait for it
    JobComplete, Failed, Aborted  read its three result files; then the note is forgotten
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ipaas_dagster.destinations.base import Batch, BatchRefused, Outcome, Throttled, Unreachable
from ipaas_dagster.destinations.notes import Notes
from ipaas_dagster.destinations.remote import Answer, AnswerLost
from ipaas_dagster.destinations.remote.client import Part
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.destinations.salesforce import results
from ipaas_dagster.destinations.salesforce.api import Api
from ipaas_dagster.destinations.salesforce.pieces import JSON, Job, Piece
from ipaas_dagster.destinations.salesforce.problems import Problem, in_words, is_setup, problems_of
from ipaas_dagster.destinations.salesforce.rest import in_doubt

WAIT_SECONDS = 120.0
"""How long one delivery waits for a batch's jobs; the next one goes on waiting."""
FIRST_SECONDS, LONGEST_SECONDS = 0.25, 10.0
ENDED = ("JobComplete", "Failed", "Aborted")
_NO_FIELD = "Field name not found"


class Unsure(Exception):
    """What a job did, or will do, is not known now; the next delivery of this batch asks again."""


@dataclass(frozen=True)
class State:
    """`done`: records that it has processed, well or not."""

    name: str
    done: int = 0
    error: str = ""

    @property
    def ended(self) -> bool:
        return self.name in ENDED

    @property
    def shown(self) -> str:
        return f"the bulk job is {self.name}" + (f" ({self.error})" if self.error else "")


@dataclass
class Bulk:
    api: Api
    notes: Notes
    wait: Callable[[float], None]

    def send(self, batch: Batch, piece: Piece, part: Part, *, deletes: bool) -> list[Outcome]:
        """One outcome an entry; all are in doubt until every job of the batch has ended. Raises Unreachable and
        Throttled only as long as no job was started, BatchRefused where no record was processed."""
        known = self._noted(batch)
        try:
            for job in piece.jobs:
                self._begin(batch, job, part, known)
            states = self._wait_for([known[job.number] for job in piece.jobs])
            found = self._results(piece.jobs, known, states, deletes=deletes)
        except Unsure as unsure:
            return in_doubt(piece.entries, str(unsure))
        except results.Unmatched as problem:
            self.notes.forget(batch.batch_id)
            raise BatchRefused(str(problem)) from None
        self.notes.forget(batch.batch_id)
        self._refuse_if_nothing_was_done(states)
        unnamed = "the job's results do not name it"
        return [found.get(e.entry_id) or Outcome(e.entry_id, "in_doubt", reason=unnamed) for e in piece.entries]

    def _refuse_if_nothing_was_done(self, states: Sequence[State]) -> None:
        failed = [state for state in states if state.name == "Failed"]
        done = sum(state.done for state in states)
        if not failed or done:
            return
        if _NO_FIELD in failed[0].error:
            raise self.api.unreachable([Problem("InvalidBatch", failed[0].error)], 200)
        raise BatchRefused(failed[0].shown)

    def _noted(self, batch: Batch) -> dict[int, str]:
        note = self.notes.read(batch.batch_id) or {}
        return {int(number): job_id for number, job_id in note.get("jobs", {}).items()}

    def _begin(self, batch: Batch, job: Job, part: Part, known: dict[int, str]) -> None:
        """Afterwards `known` has its id, and it is closed."""
        started = bool(known)
        try:
            if job.number in known and self._goes_on(known[job.number]):
                return
            known.pop(job.number, None)
            job_id = self._made(job, part)
        except (Unreachable, Throttled) as error:
            if started:
                raise Unsure(str(error)) from None
            raise
        known[job.number] = job_id
        self.notes.write(batch.batch_id, {"jobs": {str(number): id_ for number, id_ in known.items()}})
        for request in (job.upload, job.close):
            self._step(batch, request, part, job, job_id)

    def _made(self, job: Job, part: Part) -> str:
        """An id that is lost here is of a job that stays open and empty: it does nothing."""
        try:
            answer = self.api.write(job.create, part)
        except AnswerLost as error:
            raise Unsure(str(error)) from None
        problems = problems_of(answer.body)
        if answer.status in (403, 404) or (answer.status >= 300 and any(map(is_setup, problems))):
            raise self.api.unreachable(problems, answer.status)
        if 300 <= answer.status < 500:
            raise BatchRefused(in_words(problems, answer.status))
        job_id = _document(answer).get("id")
        if answer.status >= 500 or not isinstance(job_id, str):
            raise Unsure("the bulk job that was to be made: its answer cannot be read")
        return job_id

    def _step(self, batch: Batch, request: Request, part: Part, job: Job, job_id: str) -> None:
        try:
            answer = self.api.write(request, part, {job.hole.marker: job_id})
        except (AnswerLost, Unreachable, Throttled) as error:
            raise Unsure(str(error)) from None
        if answer.status >= 500:
            raise Unsure(f"{request.method} of the bulk job was answered {answer.status}")
        if answer.status >= 300:
            self._abort(job_id)
            self.notes.forget(batch.batch_id)
            raise BatchRefused(in_words(problems_of(answer.body), answer.status))

    def _goes_on(self, job_id: str) -> bool:
        """Whether a job of an earlier attempt stands for this one."""
        state = self._state(job_id)
        if state is not None and state.name == "Open":
            self._abort(job_id)
            state = self._state(job_id)
        nothing_done = state is not None and state.name == "Aborted" and state.done == 0
        return state is not None and not nothing_done

    def _abort(self, job_id: str) -> None:
        path = self.api.path("jobs", "ingest", job_id)
        request = Request("PATCH", path, msgspec.json.encode({"state": "Aborted"}), JSON)
        try:
            self.api.write(request, Part())
        except (AnswerLost, Unreachable, Throttled) as error:
            raise Unsure(str(error)) from None

    def _state(self, job_id: str) -> State | None:
        """None: there is no such job (any more)."""
        try:
            answer = self.api.read(self.api.path("jobs", "ingest", job_id))
        except (AnswerLost, Unreachable, Throttled) as error:
            raise Unsure(str(error)) from None
        if answer.status == 404:
            return None
        document = _document(answer)
        name, done = document.get("state"), document.get("numberRecordsProcessed", 0)
        if answer.status != 200 or not isinstance(name, str):
            raise Unsure(f"the state of a bulk job was answered {answer.status}")
        return State(name, done if isinstance(done, int) else 0, str(document.get("errorMessage") or ""))

    def _wait_for(self, job_ids: Sequence[str]) -> list[State]:
        waited, pause = 0.0, FIRST_SECONDS
        states: list[State] = []
        for job_id in job_ids:
            while not (state := self._polled(job_id)).ended:
                if waited >= WAIT_SECONDS:
                    raise Unsure(f"{state.shown} after {waited:.0f} s of waiting; it is asked again")
                self.wait(pause)
                waited, pause = waited + pause, min(pause * 2, LONGEST_SECONDS)
            states.append(state)
        return states

    def _polled(self, job_id: str) -> State:
        """A question whose answer got lost is asked again."""
        for left in (2, 1, 0):
            try:
                return self._state(job_id) or State("Aborted", error="it is not there any more")
            except Unsure:
                if not left:
                    raise
                self.wait(FIRST_SECONDS)
        raise AssertionError

    def _results(
        self, jobs: Sequence[Job], known: dict[int, str], states: Sequence[State], *, deletes: bool
    ) -> dict[int, Outcome]:
        found: dict[int, Outcome] = {}
        for job, state in zip(jobs, states, strict=True):
            files = {name: self._file(known[job.number], name) for name in results.FILES}
            try:
                found |= results.outcomes_of(job, files, state.shown, deletes=deletes)
            except results.Unreadable as problem:
                raise Unsure(str(problem)) from None
        return found

    def _file(self, job_id: str, name: str) -> bytes:
        path = self.api.path("jobs", "ingest", job_id, name)
        try:
            answer = self.api.read(path)
        except (AnswerLost, Unreachable, Throttled) as error:
            raise Unsure(str(error)) from None
        if answer.status == 200:
            return answer.body
        if answer.status in (204, 404):
            return b""
        raise Unsure(f"{name} of a bulk job was answered {answer.status}")


def _document(answer: Answer) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}
