"""``pm template …``: pipelines saved under a name."""

from __future__ import annotations

import argparse
from pathlib import Path

from pm_kernel import templates
from pm_kernel.cli.context import Context
from pm_kernel.cli.numbers import plan_number
from pm_kernel.cli.output import Column
from pm_kernel.domain.quantities import ago_text
from pm_kernel.domain.templates import template_document, version_facts
from pm_kernel.errors import Conflict, InvalidInput, NotFound, UsageError
from pm_kernel.plan_file import read_plan_file
from pm_kernel.store import plans

_COLUMNS = (
    Column("template"),
    Column("steps", right=True),
    Column("version", right=True),
    Column("saved"),
    Column("by"),
    Column("description", elastic=True),
)


def list_templates(argv: list[str], context: Context) -> int:
    """List the saved pipelines."""
    argparse.ArgumentParser(
        prog="pm template list", description="List the saved pipelines."
    ).parse_args(argv)
    found = templates.list_templates(context.store)
    if context.json:
        context.output.json({"templates": [template_document(each) for each in found]})
        return 0
    if not found:
        context.output.note("no templates yet; `pm template save FILE` makes one")
        return 0
    now = context.now
    context.output.table(
        _COLUMNS,
        (
            (
                each.name,
                str(len(each.document.get("steps", {}))),
                str(each.version),
                ago_text(saved, now)
                if context.output.screen
                else saved.isoformat(timespec="seconds"),
                each.updated_by,
                str(each.document.get("description", "")).partition("\n")[0],
            )
            for each in found
            for saved in [each.updated_at.astimezone(now.tzinfo)]
        ),
    )
    return 0


def show(argv: list[str], context: Context) -> int:
    """Print a saved pipeline, in the form that `pm plan create` reads."""
    arguments = argparse.ArgumentParser(
        prog="pm template show",
        description="Print a saved pipeline as TOML, in the form that `pm plan create` reads. "
        "--json prints all of it, the drawing included.",
    )
    arguments.add_argument("name", metavar="NAME")
    arguments.add_argument(
        "--version",
        metavar="V",
        help="as it was then: a number, or how its hash begins; `pm template versions` shows them",
    )
    options = arguments.parse_args(argv)
    if options.version is None:
        template = templates.get_template(context.store, options.name)
        told, found = template_document(template), template.document
    else:
        template, version = templates.get_version(context.store, options.name, options.version)
        found = version.document
        told = {"name": template.name, **version_facts(version)}
    if context.json:
        context.output.json({**told, "document": found})
        return 0
    import tomli_w

    # How it is drawn means nothing, and TOML cannot hold all of it.
    document = {key: value for key, value in found.items() if key != "layout"}
    context.output.raw(tomli_w.dumps(document))
    return 0


def save(argv: list[str], context: Context) -> int:
    """Save a pipeline under a name."""
    arguments = argparse.ArgumentParser(
        prog="pm template save", description="Save a pipeline under a name."
    )
    arguments.add_argument(
        "file", type=Path, nargs="?", help="pipeline document or plan file, TOML or JSON"
    )
    arguments.add_argument(
        "--plan", type=plan_number, metavar="N", help="the pipeline of that plan"
    )
    arguments.add_argument("--name", metavar="NAME", help="default: what the file says")
    arguments.add_argument(
        "--replace", action="store_true", help="also where there is one of that name"
    )
    arguments.add_argument("--note", metavar="TEXT", help="what is new in it")
    options = arguments.parse_args(argv)
    if (options.file is None) == (options.plan is None):
        raise UsageError("Name a file, or a plan with --plan N.")
    if options.file is not None:
        document = read_plan_file(options.file).plan.document
        known = document.get("name") or options.file.stem
    else:
        plan = plans.get_plan(context.store, options.plan)
        document, known = plan.document, plan.document.get("name") or plan.name
    name = known if options.name is None else options.name
    if not isinstance(name, str):
        raise InvalidInput(f"The name of a pipeline is text, not {name!r}.")
    saved = templates.save_template(
        context.store,
        context.settings,
        name,
        document,
        expected=_replaced(context, name, replace=options.replace),
        note=options.note,
    )
    if context.json:
        told = {"created": saved.created, "changed": saved.changed}
        context.output.json({**told, **template_document(saved.template)})
        return 0
    what = "saved" if saved.created else "changed" if saved.changed else "is there; nothing new"
    context.output.text(f"template {name} {what}")
    return 0


def _replaced(context: Context, name: str, *, replace: bool) -> str | None:
    try:
        found = templates.get_template(context.store, name)
    except NotFound:
        return None
    if not replace:
        raise Conflict(
            f"There is a template {name} already.",
            hint="Save it under another --name, or say --replace.",
        )
    return found.revision
