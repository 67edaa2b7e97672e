"""The destinations of the worksheet, as the asset graph shows them. No Dagster here."""

from ipaas_dagster.orchestration.use_cases import SystemShown
from ipaas_dagster.project import Project


def systems(project: Project) -> tuple[SystemShown, ...]:
    """Every system with at least one route, switched off ones too. Raises DeclarationError with file and
    line."""
    worksheet = project.worksheet
    shown = []
    for system in worksheet.destinations:
        routes = worksheet.routes(system.name)
        routed = tuple(route.collection for route in routes)
        nested = tuple((route.collection, name) for route in routes for name in route.nested)
        off = worksheet.switched_off(system.name, project.settings)
        if routed:
            shown.append(SystemShown(system.name, system.kind.name, routed, off, nested))
    return tuple(shown)
