"""``pm module``: stages of the analysis, and what their methods must deliver."""

from __future__ import annotations

import argparse

from pm_kernel.cli import method_view
from pm_kernel.cli.context import Context
from pm_kernel.cli.method_options import contract_field
from pm_kernel.cli.output import Column
from pm_kernel.domain.method_documents import module_document
from pm_kernel.registration import create_module
from pm_kernel.store import modules, registry


def create(argv: list[str], context: Context) -> int:
    """Make a module, or change what it says."""
    arguments = argparse.ArgumentParser(
        prog="pm module create",
        description="Make a module, or change it: module.toml is written, committed and recorded. "
        "A module.toml that was edited by hand is recorded the same way.",
        epilog="Example: pm module create data_labeling --field cells.cell_id=str "
        "--field cells.score=float?",
    )
    arguments.add_argument("name", metavar="NAME")
    arguments.add_argument("--description", metavar="TEXT")
    arguments.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="OUTPUT.FIELD=TYPE",
        help="a column or key that every method must deliver; ? behind it: it may be missing",
    )
    options = arguments.parse_args(argv)
    saved = create_module(
        context.settings,
        context.store,
        options.name,
        description=options.description,
        contract=tuple(contract_field(each) for each in options.field),
    )
    if context.json:
        document = module_document(saved.module)
        context.output.json({"created": saved.created, "changed": saved.changed, **document})
        return 0
    what = "created" if saved.created else "changed" if saved.changed else "is there; nothing new"
    context.output.text(f"module {saved.module.name} {what}")
    return 0


def list_modules(argv: list[str], context: Context) -> int:
    """List the modules."""
    arguments = argparse.ArgumentParser(prog="pm module list", description="List the modules.")
    arguments.parse_args(argv)
    with context.store.reading() as connection:
        found = modules.list_modules(connection)
        counts = modules.method_counts(connection)
    if context.json:
        context.output.json(
            {"modules": [{**module_document(m), "methods": counts[m.name]} for m in found]}
        )
    elif found:
        columns = (
            Column("module"),
            Column("methods", right=True),
            Column("contract", right=True),
            Column("description", elastic=True),
        )
        context.output.table(
            columns,
            (
                (
                    each.name,
                    str(counts[each.name]),
                    f"{len(each.contract)} fields" if each.contract else "",
                    each.description.partition("\n")[0],
                )
                for each in found
            ),
        )
    else:
        context.output.note("no modules yet; `pm module create NAME` makes one")
    return 0


def show(argv: list[str], context: Context) -> int:
    """Show a module: its methods, and the contract of its outputs."""
    arguments = argparse.ArgumentParser(
        prog="pm module show", description="Show a module, its methods and its contract."
    )
    arguments.add_argument("name", metavar="NAME")
    options = arguments.parse_args(argv)
    with context.store.reading() as connection:
        module = modules.get_module(connection, options.name)
        listed = registry.list_methods(connection, options.name)
    if context.json:
        methods = [method_view.listing_document(each) for each in listed]
        context.output.json({**module_document(module), "methods": methods})
        return 0
    context.output.text(module.name)
    if module.description:
        context.output.text(module.description)
    if module.contract:
        context.output.text("")
        columns = (Column("output"), Column("field"), Column("type"), Column("", elastic=True))
        context.output.table(
            columns,
            (
                (each.output, each.field, each.type, "" if each.required else "may be missing")
                for each in module.contract
            ),
        )
    if listed:
        context.output.text("")
        method_view.show_list(context.output, listed, context.now)
    return 0
