"""``pm template versions`` and ``restore``: what a saved pipeline was before."""

from __future__ import annotations

import argparse

from pm_kernel import templates
from pm_kernel.cli.context import Context
from pm_kernel.cli.output import Column
from pm_kernel.domain.quantities import ago_text
from pm_kernel.domain.templates import StepChanges, template_document, version_document
from pm_kernel.errors import UsageError

_COLUMNS = (
    Column("version", right=True),
    Column("hash"),
    Column("saved"),
    Column("by"),
    Column("steps", right=True),
    Column("changes", elastic=True),
)
#: So much of a hash is shown: enough to tell the versions of one pipeline apart.
_SHORT = 8
#: More steps than that are counted.
_NAMED = 3


def versions(argv: list[str], context: Context) -> int:
    """List the versions of a saved pipeline."""
    arguments = argparse.ArgumentParser(
        prog="pm template versions",
        description="List what a saved pipeline is and was, the newest first. How it is drawn and "
        "what its steps are titled makes no version.",
    )
    arguments.add_argument("name", metavar="NAME")
    arguments.add_argument(
        "--limit", type=int, default=50, metavar="N", help="so many (default: %(default)s)"
    )
    arguments.add_argument("--before", type=int, metavar="V", help="only those before this version")
    options = arguments.parse_args(argv)
    if options.limit < 1:
        raise UsageError("--limit is at least 1.")
    found = templates.list_versions(
        context.store, options.name, limit=options.limit, before=options.before
    )
    if context.json:
        listed = [version_document(*each) for each in found.versions]
        context.output.json({"versions": listed, "before": found.before})
        return 0
    now = context.now
    context.output.table(
        _COLUMNS,
        (
            (
                str(each.version),
                each.content_hash[:_SHORT],
                ago_text(saved, now)
                if context.output.screen
                else saved.isoformat(timespec="seconds"),
                each.saved_by,
                str(len(each.document.get("steps", {}))),
                each.note or _text(changes, first=each.version == 1),
            )
            for each, changes in found.versions
            for saved in [each.saved_at.astimezone(now.tzinfo)]
        ),
    )
    if found.before is not None:
        context.output.note(f"there are more: --before {found.before}")
    return 0


def restore(argv: list[str], context: Context) -> int:
    """Save an earlier version as the newest one."""
    arguments = argparse.ArgumentParser(
        prog="pm template restore",
        description="Save an earlier version as the newest one. Nothing is lost: what is newest "
        "now stays as a version before it. Where both have one content, nothing is changed, the "
        "drawing neither.",
    )
    arguments.add_argument("name", metavar="NAME")
    arguments.add_argument(
        "version", metavar="V", help="a number, or how its hash begins; as `versions` shows them"
    )
    options = arguments.parse_args(argv)
    template, version = templates.get_version(context.store, options.name, options.version)
    if version.content_hash == template.content_hash:
        if context.json:
            context.output.json({"changed": False, **template_document(template)})
        else:
            context.output.text(f"template {template.name} is that already; nothing new")
        return 0
    saved = templates.save_template(
        context.store,
        context.settings,
        template.name,
        version.document,
        expected=template.revision,
        note=f"version {version.version} again",
    )
    if context.json:
        context.output.json({"changed": saved.changed, **template_document(saved.template)})
        return 0
    context.output.text(
        f"template {template.name} is as in version {version.version}, "
        f"now version {saved.template.version}"
    )
    return 0


def _text(changes: StepChanges, *, first: bool) -> str:
    if first:
        return "the first"
    said = [
        f"{verb} {_names(names)}"
        for verb, names in (
            ("adds", changes.added),
            ("removes", changes.removed),
            ("changes", changes.changed),
        )
        if names
    ]
    return "; ".join(said)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= _NAMED else f"{len(names)} steps"
