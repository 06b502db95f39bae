"""Calling the method: ``run()`` with its declared inputs, or ``run.py`` as a script."""

from __future__ import annotations

import importlib
import os
import sys
from types import (
    AsyncGeneratorType,
    CoroutineType,
    FunctionType,
    GeneratorType,
    ModuleType,
    SimpleNamespace,
)

from . import seldom
from .command_line import ArgumentRecorder, command_line
from .failure import EntryError, show
from .report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OUTPUT_ARGUMENT = "output_dir"
LABELS_SUFFIX = "_labels"
#: How an argument may be given: the numbers of ``inspect.Parameter``, and flags of code objects.
_POSITIONAL_ONLY, _POSITIONAL, _ANY_POSITIONAL, _NAMED, _ANY_NAMED = range(5)
_CO_VARARGS, _CO_VARKEYWORDS = 4, 8


def execute(task: dict[str, Any], code_dir: str, seam: Any, report: Report) -> int:
    """Run the method's code; returns the exit code and tells ``report`` how it ended.

    A child that the method forked may come back here too. It ends as it would have without us, and
    its copy of ``report`` is never written.
    """
    try:
        result = None
        if task["entry"]["kind"] == "script":
            _script(task, code_dir, seam)
        else:
            result = _function(task, code_dir, seam)
    except SystemExit as stop:
        code = _exit_code(stop)
        report.ended("exited", code, stop)
        return code or report.refuse_source()
    except BaseException as error:  # noqa: BLE001 - whatever the method raised is its outcome
        show(error, code_dir)
        code = 130 if isinstance(error, KeyboardInterrupt) else 1
        report.ended("raised", code, error)
        return code
    report.returned(result)
    return report.refuse_source()


def _exit_code(stop: SystemExit) -> int:
    """What the shell would see: text is printed and means 1, numbers keep their last 8 bits."""
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code & 0xFF
    print(stop.code, file=sys.stderr)
    return 1


def _function(task: dict[str, Any], code_dir: str, seam: Any) -> Any:
    file = task["entry"]["file"]
    # As under `python -c "import run; run.run(…)"`: a main module without a file, so that spawned
    # children do not execute one.
    sys.modules["__main__"] = ModuleType("__main__")
    sys.argv = [os.path.join(code_dir, *file.split("/"))]
    module = importlib.import_module(file[: -len(".py")].replace("/", "."))
    function = getattr(module, "run", None)
    if not callable(function):
        names = [n for n, v in vars(module).items() if isinstance(v, FunctionType) and n[0] != "_"]
        has = f"it has {', '.join(names[:8])}" if names else "it has no function at all"
        raise EntryError(
            f"{file} has no function run(); {has}. Name the main function run, "
            "or register the file as a script with a command line."
        )
    positional, named = arguments(function, task, seam)
    result = function(*positional, **named)
    if isinstance(result, CoroutineType):
        import asyncio

        return asyncio.run(result)
    if isinstance(result, (GeneratorType, AsyncGeneratorType)):
        raise EntryError(
            "run() contains `yield`, so calling it did nothing. Use `return` for its result, and "
            "move the part that yields to a function of its own."
        )
    return result


def arguments(function: Any, task: dict[str, Any], seam: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return the positional and the named arguments for ``run()``.

    These are the declared inputs, the labels of gathered ones and the output directory where
    ``run()`` asks for them, and values that the plan set for arguments without a default. Raises
    EntryError naming what does not fit.
    """
    parameters = parameters_of(function)
    takes_any = any(p.kind == _ANY_NAMED for p in parameters.values())
    given: dict[str, Any] = {}
    for name, document in task["inputs"].items():
        if name not in parameters and not takes_any:
            raise EntryError(
                f"The method declares the input {name!r}, but {_shown(function)} takes no argument "
                "of that name. Add it to run(), or register the method with the names that run() "
                "uses."
            )
        given[name] = _input(document, parameters.get(name), seam)
        labels = name + LABELS_SUFFIX
        if document.get("labels") is not None and (labels in parameters or takes_any):
            given[labels] = list(document["labels"])
    if OUTPUT_ARGUMENT in parameters or takes_any:
        given[OUTPUT_ARGUMENT] = _path(task["run_dir"], parameters.get(OUTPUT_ARGUMENT))
    for name, parameter in parameters.items():
        if name in given or parameter.kind in (_ANY_POSITIONAL, _ANY_NAMED):
            continue
        if not parameter.has_default:
            text = task["set"].get(f"run.{name}")
            if text is None:
                raise EntryError(
                    f"{_shown(function)} needs a value for {name!r}, which is neither a declared "
                    "input nor output_dir. Give it a default, declare it as an input, or set it "
                    "in the plan."
                )
            given[name] = seam.value(text, f"run.{name}")
    positional = []
    for name, parameter in parameters.items():
        if parameter.kind == _POSITIONAL_ONLY and name in given:
            positional.append(given.pop(name))
    return positional, given


def parameters_of(function: Any) -> dict[str, Any]:
    """Return what a function takes: name -> ``kind``, ``has_default``, ``annotation``.

    Of a plain function this is read from itself: ``inspect``, which knows the others too, takes as
    long to load as the rest of us.
    """
    if type(function) is not FunctionType or vars(function):
        return _inspected(function)
    code = function.__code__
    count, positional_only = code.co_argcount, code.co_posonlyargcount
    names = code.co_varnames
    taken = dict.fromkeys(names[:count], _POSITIONAL)
    taken.update(dict.fromkeys(names[:positional_only], _POSITIONAL_ONLY))
    end = count + code.co_kwonlyargcount
    if code.co_flags & _CO_VARARGS:
        taken[names[end]] = _ANY_POSITIONAL
    taken.update(dict.fromkeys(names[count:end], _NAMED))
    if code.co_flags & _CO_VARKEYWORDS:
        taken[names[end + (code.co_flags & _CO_VARARGS > 0)]] = _ANY_NAMED
    optional = {*names[count - len(function.__defaults__ or ()) : count]}
    optional.update(function.__kwdefaults__ or ())
    annotations = function.__annotations__
    return {
        name: SimpleNamespace(
            kind=kind, has_default=name in optional, annotation=annotations.get(name)
        )
        for name, kind in taken.items()
    }


def _inspected(function: Any) -> dict[str, Any]:
    inspect: Any = seldom("inspect")
    return {
        name: SimpleNamespace(
            kind=int(p.kind), has_default=p.default is not p.empty, annotation=p.annotation
        )
        for name, p in inspect.signature(function).parameters.items()
    }


def _shown(function: Any) -> str:
    return f"run{seldom('inspect').signature(function)}"


def _input(document: dict[str, Any], parameter: Any, seam: Any) -> Any:
    if document["kind"] == "value":
        return seam.value(document["text"])
    value = document["value"]
    if document["kind"] == "paths":
        return [_path(each, parameter, "list[{}]", "List[{}]", "Sequence[{}]") for each in value]
    return _path(value, parameter)


def _path(text: str, parameter: Any, *forms: str) -> Any:
    """Return a pathlib.Path, or text where the argument is annotated as ``str``."""
    from pathlib import Path

    annotation = None if parameter is None else parameter.annotation
    if annotation is str:
        return text
    words = str(annotation).replace("typing.", "").replace("collections.abc.", "")
    wanted = [form.format("str") for form in forms or ("{}",)]
    variants = {*wanted, *(f"{w} | None" for w in wanted), *(f"Optional[{w}]" for w in wanted)}
    return text if words in variants else Path(text)


def _script(task: dict[str, Any], code_dir: str, seam: Any) -> None:
    """Execute the script like ``python -m run``: spawned children then import it by that name.

    With a file name instead they would compile its source, which reports nothing.
    """
    import importlib.machinery

    file = task["entry"]["file"]
    name = file[: -len(".py")].replace("/", ".")
    path = os.path.join(code_dir, *file.split("/"))
    loader = importlib.machinery.SourceFileLoader(name, path)
    code = loader.get_code(name)
    if code is None:
        raise EntryError(f"{file} cannot be loaded.")
    main = ModuleType("__main__")
    main.__dict__.update(
        __file__=path,
        __cached__=None,
        __loader__=loader,
        __package__=name.rpartition(".")[0],
        __spec__=importlib.machinery.ModuleSpec(name, loader, origin=path),
    )
    main.__spec__.has_location = True  # type: ignore[union-attr]
    sys.modules["__main__"] = main
    sys.argv = [path, *command_line(task, seam, loader.get_source(name) or "")]
    with ArgumentRecorder(task, seam):
        exec(code, main.__dict__)
