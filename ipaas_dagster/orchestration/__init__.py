"""8 The thin Dagster edge: factories of assets, checks, jobs, schedules and sensors; no business logic.

    build                               build_definitions: everything below, put together
    source_ snapshot_ hub_ system_assets  the asset graph, along the flow
    checks                              what the books say; the step that fails a run
    jobs schedules sensors launching    what launches runs, and when
    partitions run metadata             what their bodies share
    executors celery_app celery_alive   where steps are executed: in the run, or on workers
    use_cases                           the seam to the product; behind it, free of Dagster:
    look systems                        what the UI shows
    due inbox owed patience             what launches runs

No module here (nor definitions.py) may use `from __future__ import annotations`: Dagster reads the
annotation of `context` at run time and refuses text.
"""

from ipaas_dagster.orchestration.build import build_definitions
from ipaas_dagster.orchestration.use_cases import UseCases

__all__ = ["UseCases", "build_definitions"]
