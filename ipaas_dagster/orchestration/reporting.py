"""The report as the UI shows it. No Dagster here."""

from collections import Counter

from ipaas_dagster.orchestration.use_cases import ReportShown
from ipaas_dagster.project import Project
from ipaas_dagster.report import summary, write_report
from ipaas_dagster.status import Status


def shown_report(project: Project) -> ReportShown:
    """Writes it into the state folder, in the place of the last one."""
    file, facts = write_report(project)
    state = facts.status
    stale = tuple(one.collection for one in state.collections if one.stale)
    return ReportShown(str(file), state.verdict.says, summary(state), _numbers(state), tuple(state.findings), stale)


def _numbers(state: Status) -> dict[str, float]:
    """Each every time, also where it is nothing: so that a plot has no gaps."""
    by_state = Counter[str]()
    for one in state.stuck:
        by_state[one.state] += one.records
    states = ("rejected", "dead", "blocked", "paused", "switched_off", "held")
    lags = [one.lag_seconds for one in state.collections if one.lag_seconds is not None]
    owed = [(state.at - one.owed_since).total_seconds() for one in state.systems if one.owed_since]
    return {
        "stuck": state.verdict.stuck,
        **{f"stuck_{name}": by_state[name] for name in states},
        "on_its_way": state.verdict.on_its_way,
        "sums_that_do_not_add_up": len(state.findings),
        "records": sum(one.records for one in state.collections),
        "delivered": sum(one.delivered for one in state.systems),
        "lag_seconds": round(max(lags, default=0.0), 1),
        "oldest_owed_seconds": round(max(owed, default=0.0), 1),
    }
