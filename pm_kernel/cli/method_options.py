"""How a person says what a method declares: ``--track``, ``--input``, ``--output``, ``--field``."""

from __future__ import annotations

import re
from typing import Literal

from pm_kernel.domain.methods import (
    FIELD_TYPES,
    INPUT_TYPES,
    OUTPUT_TYPES,
    VALUE_TYPES,
    ContractField,
    MethodInput,
    MethodOutput,
)
from pm_kernel.errors import InvalidInput
from pm_kernel.registration import Tracking
from pm_kernel.scan import output_type

TRACK_FORMS = "FUNCTION, FILE.py:FUNCTION or FUNCTION(param,param): record its parameters"
INPUT_FORMS = (
    "NAME=file, NAME=value:str, NAME=list:float, NAME=upstream, NAME=upstream:MODULE, "
    "NAME=upstream:MODULE:table; with +gather for a list of results, +optional"
)
OUTPUT_FORMS = "NAME=PATH or NAME=PATH:TYPE; with +optional"

_TRACKED = re.compile(r"(?:(?P<file>[^:()]+\.py):)?(?P<name>[^:()]+?)(?:\((?P<params>[^()]*)\))?")


def tracking(text: str) -> Tracking:
    """Read ``segment``, ``helper.py:segment`` or ``helper.py:segment(sigma,threshold)``."""
    found = _TRACKED.fullmatch(text.strip())
    if found is None:
        raise InvalidInput(
            f"--track takes FUNCTION, FILE.py:FUNCTION or FUNCTION(param,param), not {text!r}."
        )
    params = found["params"]
    selected = None if params is None else tuple(part.strip() for part in params.split(","))
    return Tracking(found["name"].strip(), found["file"], selected)


def method_input(text: str) -> MethodInput:
    """Read one ``--input``."""
    name, what = _pair("--input", text, INPUT_FORMS)
    what, flags = _flags("--input", text, what, ("gather", "optional"))
    kind, *rest = what.split(":")
    if kind not in INPUT_TYPES:
        raise InvalidInput(
            f"--input {text}: the type is one of {', '.join(INPUT_TYPES)}, not {kind!r}.",
            hint=INPUT_FORMS,
        )
    module = value_type = None
    known: tuple[str, ...] = () if kind == "file" else VALUE_TYPES
    most = 1
    if kind == "upstream":
        module, value_type = (*rest, "", "")[:2]
        known, most = OUTPUT_TYPES, 2
    else:
        value_type = (*rest, "")[0]
    if len(rest) > most or (value_type and value_type not in known):
        may = f"one of {', '.join(known)}" if known else "nothing"
        raise InvalidInput(
            f"--input {text}: behind {kind} may stand {may}, not {':'.join(rest)!r}.",
            hint=INPUT_FORMS,
        )
    return MethodInput(
        name,
        kind,
        module=module or None,
        value_type=value_type or None,
        gather="gather" in flags,
        required="optional" not in flags,
    )


def method_output(text: str) -> MethodOutput:
    """Read one ``--output``; the type is guessed from the ending where none is given."""
    name, what = _pair("--output", text, OUTPUT_FORMS)
    what, flags = _flags("--output", text, what, ("optional",))
    path, colon, kind = what.rpartition(":")
    if not colon:
        path, kind = what, output_type(what)
    elif kind not in OUTPUT_TYPES:
        raise InvalidInput(
            f"--output {text}: the type is one of {', '.join(OUTPUT_TYPES)}, not {kind!r}.",
            hint=OUTPUT_FORMS,
        )
    return MethodOutput(name, path, kind, required="optional" not in flags)


def contract_field(text: str) -> ContractField:
    """Read ``OUTPUT.FIELD=TYPE``; a ``?`` behind it: the field may be missing."""
    where, kind = _pair("--field", text, "OUTPUT.FIELD=TYPE, for example cells.cell_id=str")
    output, dot, field = where.partition(".")
    optional = kind.endswith("?")
    kind = kind.removesuffix("?")
    if not dot or not field or kind not in FIELD_TYPES:
        raise InvalidInput(
            f"--field takes OUTPUT.FIELD=TYPE, not {text!r}.",
            hint=f"Types are {', '.join(FIELD_TYPES)}; a ? behind it: the field may be missing.",
        )
    return ContractField(output, field, kind, required=not optional)


def _pair(option: str, text: str, forms: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise InvalidInput(f"{option} cannot read {text!r}.", hint=f"It takes {forms}.")
    return name.strip(), value.strip()


def _flags(
    option: Literal["--input", "--output"], text: str, what: str, known: tuple[str, ...]
) -> tuple[str, set[str]]:
    """Take ``+gather`` and the like off the end."""
    flags: set[str] = set()
    while True:
        rest, plus, flag = what.rpartition("+")
        if not plus or not flag.isidentifier():
            return what, flags
        if flag not in known:
            if option == "--output":
                return what, flags  # a + in a file's name
            raise InvalidInput(
                f"{option} {text}: known are {', '.join(f'+{each}' for each in known)}."
            )
        what = rest
        flags.add(flag)
