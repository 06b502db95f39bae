"""Which Nextflow directives a step may set, and what their values may look like.

Nextflow copies several of them unquoted into a shell script or its header (a newline in ``queue``
ends the header, a semicolon in ``container`` or ``module`` runs what follows it), so each has a
form of its own, and whatever records a run is ours alone.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from pm_kernel.errors import InvalidInput
from pm_kernel.nextflow.ir import Containers, Directive, Directives
from pm_kernel.nextflow.quoting import groovy_string, groovy_value, shell_word

_SIZE = r"[0-9]+(\.[0-9]+)? ?[KMGT]?B"
_SPAN = r"([0-9]+(\.[0-9]+)? ?(ms|s|m|h|d) ?)+"
_WORD = r"[A-Za-z0-9][A-Za-z0-9._/@:,+=%-]{0,299}"
_NAME = r"[A-Za-z][A-Za-z0-9_]{0,99}"
# An image of a registry, or the absolute path of an image file.
_IMAGE = r"([a-z]+://)?/?[A-Za-z0-9][A-Za-z0-9._/@:+-]{0,499}"


@dataclass(frozen=True, slots=True)
class Form:
    """What the value of a directive must look like; ``pattern`` None means a number, 1 or more."""

    pattern: str | None
    example: str


#: Directives that a pipeline document may set by name. ``containerOptions`` joins our mounts.
FREE: Mapping[str, Form] = {
    "accelerator": Form(None, "1"),
    "arch": Form(_WORD, "linux/x86_64"),
    "clusterOptions": Form(r"[^\x00-\x1f\x7f]{1,1000}", "--account=lab"),
    "containerOptions": Form(r"[^\x00-\x1f\x7f]{1,1000}", "--gpus all"),
    "disk": Form(_SIZE, "10 GB"),
    "executor": Form(r"[a-z][a-z0-9_-]{0,40}", "slurm"),
    "label": Form(_NAME, "gpu"),
    "maxForks": Form(None, "4"),
    "maxSubmitAwait": Form(_SPAN, "2h"),
    "module": Form(_WORD, "samtools/1.21"),
    "penv": Form(_WORD, "smp"),
}

_FIELDS: Mapping[str, Form] = {
    "memory": Form(_SIZE, "2 GB"),
    "time": Form(_SPAN, "1h 30m"),
    "queue": Form(_WORD, "short"),
    "container": Form(_IMAGE, "registry/image:tag"),
}

#: Directives that the product writes itself, and what to use instead.
_OURS: Mapping[str, str] = {
    "beforeScript": "put shell text of the site under [nextflow] before_script in pm.toml",
    "afterScript": "it completes the record of a run",
    "errorStrategy": "use 'retries'",
    "maxRetries": "use 'retries'",
    "maxErrors": "use 'retries'",
    "scratch": "a run must stay in its task directory",
    "cpus": "use the step's own field 'cpus'",
    "memory": "use the step's own field 'memory'",
    "time": "use the step's own field 'time'",
    "queue": "use the step's own field 'queue'",
    "container": "use the step's own field 'container'",
    "tag": "runs are found by their number",
    "storeDir": "results are kept in the run store",
    "publishDir": "results are kept in the run store",
    "cache": "what is done already is decided by the record",
    "shell": "a run starts its method itself",
}


def directive_faults(directives: Directives) -> tuple[str, ...]:
    """Return a sentence for each thing that is wrong with a step's directives."""
    faults = []
    for name, form in _FIELDS.items():
        value = getattr(directives, name)
        if value is not None and not _fits(value, form):
            faults.append(_says(name, value, form))
    if directives.cpus is not None and directives.cpus < 1:
        faults.append(f"'cpus' must be 1 or more, not {directives.cpus}.")
    if directives.retries < 0:
        faults.append(f"'retries' must be 0 or more, not {directives.retries}.")
    for name, value in directives.free.items():
        faults.extend(_free_faults(name, value))
    return tuple(faults)


def render_directives(directives: Directives, containers: Containers | None) -> list[str]:
    """Return the directive lines of one process, in a fixed order.

    The caller has looked at ``directive_faults`` before.
    """
    lines = []
    if directives.cpus is not None:
        lines.append(f"cpus {directives.cpus}")
    for name in _FIELDS:
        value = getattr(directives, name)
        if value is not None:
            lines.append(f"{name} {groovy_string(value)}")
    for name, free in sorted(directives.free.items()):
        if name != "containerOptions":
            lines.append(f"{name} {groovy_value(free)}")
    options = container_options(containers, str(directives.free.get("containerOptions", "")))
    if options:
        lines.append(f"containerOptions {groovy_string(options)}")
    return lines


def container_options(containers: Containers | None, wanted: str = "") -> str:
    """Return the options for the container engine: the site's, the step's, then our mounts.

    Nextflow puts this text unquoted on the engine's command line, so every word is quoted here. The
    site's own options are left as they are: they come from the site's configuration file.
    Raises InvalidInput for a folder that cannot be mounted.
    """
    if containers is None:
        return ""
    words = [containers.site_options] if containers.site_options else []
    words.extend(shell_word(word) for word in shlex.split(wanted))
    flag = "-v" if containers.engine in ("docker", "podman") else "-B"
    for mount in containers.mounts:
        if ":" in mount or not mount.startswith("/"):
            raise InvalidInput(
                f"{mount!r} cannot be mounted into a container: the path must be absolute and have "
                "no colon.",
                hint="Move the folder to a plainer name.",
            )
        words += [flag, shell_word(f"{mount}:{mount}")]
    if containers.user is not None:
        words += ["-u", shell_word(containers.user)]
    return " ".join(words)


def _free_faults(name: str, value: Directive) -> list[str]:
    if instead := _OURS.get(name):
        return [f"The directive '{name}' cannot be set: {instead}."]
    form = FREE.get(name)
    if form is None:
        return [f"The directive '{name}' is not known; there are {', '.join(sorted(FREE))}."]
    if not _fits(value, form):
        return [_says(name, value, form)]
    if name == "containerOptions":
        try:
            shlex.split(str(value))
        except ValueError as error:
            return [f"The directive '{name}' cannot be split into words ({error}): {value!r}."]
    return []


def _fits(value: Directive, form: Form) -> bool:
    if form.pattern is None:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 1
    return isinstance(value, str) and re.fullmatch(form.pattern, value) is not None


def _says(name: str, value: Directive, form: Form) -> str:
    return f"'{name}' must look like {form.example!r}, not {value!r}."
