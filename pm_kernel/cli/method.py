"""``pm method``: look into a method's files, record versions, list and show them."""

from __future__ import annotations

import argparse
from pathlib import Path

from pm_kernel.cli import method_view
from pm_kernel.cli.context import Context
from pm_kernel.cli.method_options import (
    INPUT_FORMS,
    OUTPUT_FORMS,
    TRACK_FORMS,
    method_input,
    method_output,
    tracking,
)
from pm_kernel.domain.method_documents import version_document
from pm_kernel.errors import InvalidInput
from pm_kernel.registration import RegistrationRequest
from pm_kernel.registration import register as record_folder
from pm_kernel.registration.documents import examined_document, registered_document
from pm_kernel.registration.examine import scan_folder
from pm_kernel.store import modules, registry


def scan(argv: list[str], context: Context) -> int:
    """Print what is in a method's files; nothing is imported, run or written."""
    arguments = argparse.ArgumentParser(
        prog="pm method scan",
        description="Show the functions in a method's folder: parameters, types, defaults, and the "
        "values that calls pass. The code is read, never run.",
    )
    arguments.add_argument("folder", type=Path, metavar="DIR")
    options = arguments.parse_args(argv)
    examined = scan_folder(RegistrationRequest(options.folder))
    if context.json:
        context.output.json({"folder": str(options.folder), **examined_document(examined)})
    else:
        method_view.show_scan(context.output, examined)
    failed = any(each.severity == "error" for each in examined.problems)
    return InvalidInput.exit_code if failed else 0


def register(argv: list[str], context: Context) -> int:
    """Record a folder as a version of its method."""
    arguments = argparse.ArgumentParser(
        prog="pm method register",
        description="Record the folder of a method as a version: commit, tag, and what it "
        "declares. What is not given here is read from method.toml, or suggested by the code; "
        "method.toml is written then. Where nothing is new, no version is made.",
        epilog="Example: pm method register ./label --module data_labeling "
        "--track helper.py:label --input cells=upstream:quality_control:table "
        '--output cells=labelled.parquet -m "higher threshold"',
    )
    add = arguments.add_argument
    add("folder", type=Path, metavar="DIR", help="copied into the workspace if it lies elsewhere")
    add("--module", metavar="M", help="the module that the method belongs to")
    add("--name", metavar="N", help="name of the method; default: of the folder")
    add("--description", metavar="TEXT", help="what the method does")
    add("-m", "--message", default="", metavar="TEXT", help="what is new in this version")
    add("--track", action="append", default=[], metavar="FUNCTION", help=TRACK_FORMS)
    add("--input", action="append", default=[], metavar="NAME=TYPE", help=INPUT_FORMS)
    add("--output", action="append", default=[], metavar="NAME=PATH", help=OUTPUT_FORMS)
    add("--untrack", action="append", default=[], metavar="FUNCTION", help="no longer record it")
    add("--drop-input", action="append", default=[], metavar="NAME")
    add("--drop-output", action="append", default=[], metavar="NAME")
    add("--pixi", type=Path, metavar="DIR", help="copy pixi.toml and pixi.lock from that folder")
    add("--overwrite", action="store_true", help="replace unregistered edits of the copy there")
    add(
        "--break-contract",
        action="store_true",
        help="record it although its module promises an output that it does not declare",
    )
    options = arguments.parse_args(argv)
    request = RegistrationRequest(
        options.folder,
        module=options.module,
        name=options.name,
        tracked=tuple(tracking(each) for each in options.track),
        inputs=tuple(method_input(each) for each in options.input),
        outputs=tuple(method_output(each) for each in options.output),
        drop_tracked=tuple(options.untrack),
        drop_inputs=tuple(options.drop_input),
        drop_outputs=tuple(options.drop_output),
        description=options.description,
        change=options.message,
        pixi_from=options.pixi,
        overwrite=options.overwrite,
        break_contract=options.break_contract,
    )
    registered = record_folder(context.settings, context.store, request)
    if context.json:
        context.output.json(registered_document(registered))
        return 0
    for notice in registered.notices:
        context.output.note(notice)
    version = registered.version
    if registered.created:
        context.output.text(
            f"{version.method} v{version.version} registered in module {version.module} "
            f"(commit {version.git_commit_hash[:10]}, tag {version.git_tag})"
        )
        method_view.show_declaration(context.output, version.declaration)
    else:
        context.output.text(f"nothing new: still {version.method} v{version.version}")
    return 0


def list_methods(argv: list[str], context: Context) -> int:
    """List the registered methods with their latest versions."""
    arguments = argparse.ArgumentParser(
        prog="pm method list", description="List the registered methods."
    )
    arguments.add_argument("--module", metavar="M", help="of this module only")
    options = arguments.parse_args(argv)
    with context.store.reading() as connection:
        if options.module is not None:
            modules.get_module(connection, options.module)
        listed = registry.list_methods(connection, options.module)
    if context.json:
        context.output.json({"methods": [method_view.listing_document(each) for each in listed]})
    elif listed:
        method_view.show_list(context.output, listed, context.now)
    else:
        context.output.note("no methods yet; `pm method register DIR --module M` records one")
    return 0


def show(argv: list[str], context: Context) -> int:
    """Show a method: its versions, and everything that one of them declares."""
    arguments = argparse.ArgumentParser(
        prog="pm method show",
        description="Show a method: its versions, and what one of them declares.",
    )
    arguments.add_argument("name", metavar="NAME", help="NAME or NAME/vN")
    arguments.add_argument("--version", type=int, metavar="N", help="default: the latest")
    options = arguments.parse_args(argv)
    name, number = options.name, options.version
    if number is None and "/v" in name:
        name, _, text = name.rpartition("/v")
        if not text.isdecimal():
            raise InvalidInput(f"A version is NAME/vN, not {options.name!r}.")
        number = int(text)
    with context.store.reading() as connection:
        method = registry.get_method(connection, name)
        version = registry.get_version(connection, name, number)
        versions = registry.list_versions(connection, name)
    if context.json:
        context.output.json(
            {
                "method": method.name,
                "module": method.module,
                "description": method.description,
                "version": version_document(version),
                "versions": [
                    {k: v for k, v in version_document(each).items() if k != "declaration"}
                    for each in versions
                ],
            }
        )
    else:
        method_view.show_method(context.output, method, version, versions, context.now)
    return 0
