"""The HTTP surface: one file per noun. Paths are relative to the server's base URL.

``pm_server/openapi.yaml`` describes every address with what it takes and answers; a test compares
them.
"""

from __future__ import annotations

from pm_server.routes.base import NothingHere, Route
from pm_server.routes.compare import CompareRoute
from pm_server.routes.drawing import CandidatesRoute, CheckRoute, ConnectionsRoute, ValuesRoute
from pm_server.routes.drawings import DrawingRoute, DrawingsRoute
from pm_server.routes.everything import EdgesRoute, EverythingRoute
from pm_server.routes.lineage import LineageRoute, MermaidRoute
from pm_server.routes.live import LiveRoute
from pm_server.routes.logs import LogsRoute
from pm_server.routes.marks import MarksRoute
from pm_server.routes.methods import (
    MethodChangesRoute,
    MethodRoute,
    MethodSourceRoute,
    MethodsRoute,
    MethodVersionRoute,
)
from pm_server.routes.modules import ModuleRoute, ModulesRoute
from pm_server.routes.nextflow import NextflowRoute
from pm_server.routes.origin import OriginRoute
from pm_server.routes.place import PlaceRoute
from pm_server.routes.plan_actions import (
    CancelRoute,
    ResumeRoute,
    RetryRoute,
    SubmitRoute,
    TakeBackRoute,
)
from pm_server.routes.plan_exports import (
    ExportRoute,
    PlanExportRoute,
    PlanPythonRoute,
    PythonRoute,
)
from pm_server.routes.plan_preview import PlanPreviewRoute, PreviewRoute
from pm_server.routes.plans import (
    PlanLevelsRoute,
    PlannedRunsRoute,
    PlanRoute,
    PlansRoute,
    PlanStatusRoute,
    PlanTroubleRoute,
)
from pm_server.routes.run_files import (
    FileRoute,
    FilesRoute,
    PictureRoute,
    TableRoute,
    ZipRoute,
)
from pm_server.routes.run_log import LogEntriesRoute, LogRoute
from pm_server.routes.runs import OutputsRoute, RunRoute, RunsRoute
from pm_server.routes.samples import SamplesRoute
from pm_server.routes.setting_up import DatabaseRoute, WorkspaceRoute
from pm_server.routes.status import StatusRoute
from pm_server.routes.templates import (
    TemplateRoute,
    TemplatesRoute,
    TemplateVersionRoute,
    TemplateVersionsRoute,
)

_NUMBER = r"(\d{1,18})"
_NAME = r"([^/]+)"
_PLAN = rf"/pm/api/plans/{_NUMBER}"
_RUN = rf"/pm/api/runs/{_NUMBER}"
_METHOD = rf"/pm/api/methods/{_NAME}"
_VERSION = r"(\d{1,9})"

ROUTES: tuple[tuple[str, type[Route] | type[LiveRoute]], ...] = (
    (r"/pm/api/status", StatusRoute),
    (r"/pm/api/marks", MarksRoute),
    (r"/pm/api/workspace", WorkspaceRoute),
    (r"/pm/api/database", DatabaseRoute),
    (r"/pm/api/nextflow", NextflowRoute),
    (r"/pm/api/modules", ModulesRoute),
    (rf"/pm/api/modules/{_NAME}", ModuleRoute),
    (r"/pm/api/methods", MethodsRoute),
    (_METHOD, MethodRoute),
    (rf"{_METHOD}/versions/{_VERSION}", MethodVersionRoute),
    (rf"{_METHOD}/versions/{_VERSION}/source", MethodSourceRoute),
    (rf"{_METHOD}/versions/{_VERSION}/values", ValuesRoute),
    (rf"{_METHOD}/versions/{_VERSION}/connections", ConnectionsRoute),
    (rf"{_METHOD}/versions/{_VERSION}/candidates", CandidatesRoute),
    (rf"{_METHOD}/changes/{_VERSION}/{_VERSION}", MethodChangesRoute),
    (r"/pm/api/templates", TemplatesRoute),
    (rf"/pm/api/templates/{_NAME}", TemplateRoute),
    (rf"/pm/api/templates/{_NAME}/versions", TemplateVersionsRoute),
    (rf"/pm/api/templates/{_NAME}/versions/{_NAME}", TemplateVersionRoute),
    (r"/pm/api/drawings", DrawingsRoute),
    (rf"/pm/api/drawings/{_NAME}", DrawingRoute),
    (r"/pm/api/check", CheckRoute),
    (r"/pm/api/preview", PreviewRoute),
    (r"/pm/api/samples", SamplesRoute),
    (r"/pm/api/export", ExportRoute),
    (r"/pm/api/python", PythonRoute),
    (r"/pm/api/plans", PlansRoute),
    (_PLAN, PlanRoute),
    (rf"{_PLAN}/status", PlanStatusRoute),
    (rf"{_PLAN}/runs", PlannedRunsRoute),
    (rf"{_PLAN}/preview", PlanPreviewRoute),
    (rf"{_PLAN}/levels", PlanLevelsRoute),
    (rf"{_PLAN}/trouble", PlanTroubleRoute),
    (rf"{_PLAN}/export", PlanExportRoute),
    (rf"{_PLAN}/python", PlanPythonRoute),
    (rf"{_PLAN}/submit", SubmitRoute),
    (rf"{_PLAN}/resume", ResumeRoute),
    (rf"{_PLAN}/retry", RetryRoute),
    (rf"{_PLAN}/take_back", TakeBackRoute),
    (rf"{_PLAN}/cancel", CancelRoute),
    (r"/pm/api/runs", RunsRoute),
    (_RUN, RunRoute),
    (rf"{_RUN}/log", LogRoute),
    (rf"{_RUN}/log/entries", LogEntriesRoute),
    (rf"{_RUN}/lineage", LineageRoute),
    (rf"{_RUN}/lineage/mermaid", MermaidRoute),
    (rf"{_RUN}/outputs", OutputsRoute),
    (rf"{_RUN}/files", FilesRoute),
    (rf"{_RUN}/files/(.+)", FileRoute),
    (rf"{_RUN}/table", TableRoute),
    (rf"{_RUN}/picture", PictureRoute),
    (rf"{_RUN}/zip", ZipRoute),
    (r"/pm/api/origin", OriginRoute),
    (r"/pm/api/place", PlaceRoute),
    (r"/pm/api/compare", CompareRoute),
    (r"/pm/api/everything", EverythingRoute),
    (r"/pm/api/edges", EdgesRoute),
    (r"/pm/api/logs", LogsRoute),
    (r"/pm/api/live", LiveRoute),
    (r"/pm/api/.*", NothingHere),  # last: it fits everything
)
