"""The parts of the report, from top to bottom, each a function of the facts."""

from ipaas_dagster.report.parts.alerted import alerted
from ipaas_dagster.report.parts.books import books
from ipaas_dagster.report.parts.failed import failed
from ipaas_dagster.report.parts.flow import flow
from ipaas_dagster.report.parts.moving import moving
from ipaas_dagster.report.parts.over_time import over_time
from ipaas_dagster.report.parts.stored import stored
from ipaas_dagster.report.parts.stuck import stuck
from ipaas_dagster.report.parts.told import told
from ipaas_dagster.report.parts.top import top

PARTS = (top, stuck, flow, over_time, failed, moving, alerted, books, told, stored)

__all__ = ["PARTS"]
