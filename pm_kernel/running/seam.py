"""What a tracked function calls at entry; lies beside the method's code as ``_pm_seam.py``.

Preparing a version puts one call of ``enter`` at the start of each tracked function. Here the
values that the plan set take the place of what was passed, and each new combination of values is
written down. Values that are not set are handed back untouched.

    _pm_seam.py  _pm_canonical.py  _pm_task.json      found beside each other, by ``__file__``
    <run>/.pm/calls.jsonl      one line per new combination and process, written when it arrives:
                               pools end their workers without running anything at exit
    <run>/.pm/imports.jsonl    modules that child processes imported
    <run>/.pm/source.jsonl     prepared files that somebody compiled from source again

Standard library only, Python >= 3.9. Nothing here may raise into the method's code, except where
going on would run it with a value that the plan did not set.
"""

from __future__ import annotations

import os
import sys
from itertools import islice
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Different combinations of values that one process writes down for one function.
MAX_DISTINCT = 1000
#: A longer text is no parameter any more: it is described by size, digest and beginning.
MAX_TEXT = 20_000
#: Collections up to this size are compared item by item, larger ones by a sample of their items.
_SMALL = 200
_SAMPLE = 16
_MAX_DEPTH = 20
#: Packages whose objects may be asked for shape and dtype; others could answer with a computation.
_ASKED = {
    *("numpy", "pandas", "polars", "scipy", "torch", "tensorflow", "jax", "cupy", "xarray"),
    *("anndata", "pyarrow", "dask", "zarr"),
}
#: Standard types whose own text is exact, short and cheap.
_EXACT = {
    *("complex", "range", "slice", "decimal.Decimal", "fractions.Fraction", "uuid.UUID"),
    *("datetime.date", "datetime.datetime", "datetime.time", "datetime.timedelta"),
}
#: By id, because comparing types asks their metaclass.
_CONTAINERS = {id(kind) for kind in (list, tuple, dict, set, frozenset)}
#: What is known by its name: classes and functions.
_NAMED = (type, FunctionType, BuiltinFunctionType, MethodType)


class _Function:
    """One tracked function in this process; ``name`` is None where this run does not track it."""

    __slots__ = ("calls", "full", "lost", "name", "seen", "set", "written")

    def __init__(self, name: str | None, set_values: dict[str, tuple[str, Any]]) -> None:
        self.name = name
        #: Parameter -> (canonical text, value).
        self.set = set_values
        self.calls = 0
        #: Arrivals that could not be written down.
        self.lost = 0
        self.seen: set[Any] = set()
        self.written: set[str] = set()
        self.full = False


class Seam:
    """The state of one process; ``folder`` is where the method's code lies."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        #: Set by the runner; the seam of any other process reports what that process imported.
        self.main_pid: int | None = None
        self._functions: dict[str, _Function] = {}
        self._task: dict[str, Any] | None = None
        self._canonical: Any = None
        self._modules_seen = 0

    def enter(self, key: str, names: tuple[str, ...], *values: Any) -> tuple[Any, ...]:
        """Return the values a tracked function is to use; ``key`` is ``file:qualname``."""
        function = self._functions.get(key)
        if function is None:
            function = self._functions.setdefault(key, self._function(key))
        if function.name is None:
            return values
        # Recursion passes through: the values were settled when the call came from outside. The
        # frames know that for plain, generator and coroutine recursion alike.
        # (Globals first: reading f_code is an audit event, which costs as much as the rest.)
        frame = sys._getframe(1)
        inside = frame.f_globals
        code = None
        caller = frame.f_back
        while caller is not None:
            if caller.f_globals is inside:
                code = code or frame.f_code
                if caller.f_code is code:
                    return values
            caller = caller.f_back
        function.calls += 1
        if function.set:
            values = tuple(
                [
                    _fitting(function, name, value) if name in function.set else value
                    for name, value in zip(names, values)  # noqa: B905 - Python 3.9
                ]
            )
        if not function.full:
            try:
                mark = tuple([_mark(value) for value in values])
                if mark not in function.seen:
                    self._arrived(function, mark, names, values)
            except Exception:  # noqa: BLE001 - the method goes on, the report says what was lost
                function.lost += 1
        return values

    def record(self, name: str, values: dict[str, Any], set_names: list[str]) -> None:
        """Write down values that arrived otherwise than through a function (a command line)."""
        described = {param: self._described(value) for param, value in values.items()}
        self._append("calls.jsonl", {"f": name, "v": described, "set": set_names})

    def source_compiled(self, path: str) -> None:
        """Write down that a prepared file was compiled from its source: it reports nothing."""
        version = ".".join(str(n) for n in sys.version_info[:3])
        argv = [str(a)[:200] for a in getattr(sys, "argv", [])[:4]]
        relative = os.path.relpath(os.path.abspath(path), self.folder) if path else ""
        document = {"file": relative.replace(os.sep, "/"), "python": version, "argv": argv}
        self._append("source.jsonl", document)

    def value(self, text: str, name: str = "") -> Any:
        """Return the value of a canonical text, as ``name`` (``function.param``) declares it."""
        value = self._texts().parse_literal(text)
        shape = (self.task().get("paths") or {}).get(name) if name else None
        return _with_paths(value, shape) if shape else value

    def counts(self) -> dict[str, int]:
        """Calls of each tracked function in this process, from outside itself."""
        return {f.name: f.calls for f in self._functions.values() if f.name and f.calls}

    def lost(self) -> int:
        """Arrivals in this process that could not be written down."""
        return sum(f.lost for f in self._functions.values())

    def _function(self, key: str) -> _Function:
        task = self.task()
        for tracked in task.get("tracked", ()):
            if key == tracked["file"] + ":" + tracked["qualname"]:
                prefix = tracked["function"] + "."
                return _Function(
                    tracked["function"],
                    {
                        name[len(prefix) :]: (text, self.value(text, name))
                        for name, text in task["set"].items()
                        if name.startswith(prefix) and "." not in name[len(prefix) :]
                    },
                )
        return _Function(None, {})

    def task(self) -> dict[str, Any]:
        """Return the run's document; empty where the code is used without a run."""
        if self._task is None:
            import json

            try:
                with open(os.path.join(self.folder, "_pm_task.json"), "rb") as stream:
                    self._task = json.load(stream)
            except FileNotFoundError:
                self._task = {}
        assert self._task is not None
        return self._task

    def _arrived(
        self, function: _Function, mark: Any, names: tuple[str, ...], values: tuple[Any, ...]
    ) -> None:
        function.seen.add(mark)
        described = {}
        for name, value in zip(names, values):  # noqa: B905 - Python 3.9
            described[name] = self._described(value)
            if name in function.set:
                described[name]["text"] = function.set[name][0]
        line: dict[str, Any] = {"f": function.name, "v": described}
        line["set"] = [name for name in names if name in function.set]
        text = repr(described)
        if text in function.written:
            return
        function.written.add(text)
        if len(function.seen) >= MAX_DISTINCT:
            # A loop over values: more lines would not say more.
            function.full = True
            function.seen.clear()
            function.written.clear()
            line["more"] = True
        self._append("calls.jsonl", line)
        if os.getpid() != self.main_pid:
            self._report_imports()

    def _append(self, name: str, line: dict[str, Any]) -> None:
        run_dir = self.task().get("run_dir")
        if run_dir is None:
            return
        import json

        data = (json.dumps({**line, "pid": os.getpid()}) + "\n").encode("ascii")
        # Opened for each line: methods that become daemons close descriptors they do not know.
        # A run directory that was taken away is not made again.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        descriptor = os.open(os.path.join(run_dir, ".pm", name), flags, 0o666)
        try:
            if os.write(descriptor, data) != len(data):
                raise OSError("the line was cut off")
        finally:
            os.close(descriptor)

    def _report_imports(self) -> None:
        """Write down the files of top-level modules that this child process imported."""
        if len(sys.modules) == self._modules_seen:
            return
        self._modules_seen = len(sys.modules)
        standard = os.path.dirname(os.__file__)
        files = {}
        for name, module in list(sys.modules.items()):
            if "." in name or name.startswith("_pm_") or not issubclass(type(module), ModuleType):
                continue
            # Not getattr: modules that load themselves late would do so now.
            path = object.__getattribute__(module, "__dict__").get("__file__")
            if type(path) is not str:
                continue
            if os.path.dirname(path) not in (standard, os.path.join(standard, "lib-dynload")):
                files[name] = path
        self._append("imports.jsonl", {"files": files})

    def _texts(self) -> Any:
        if self._canonical is None:
            self._canonical = _sibling(self.folder, "_pm_canonical")
        return self._canonical

    def _described(self, value: Any) -> dict[str, str]:
        """Return text and type of a value without running code of the method's."""
        texts = self._texts()
        kind = type(value)
        name = _type_name(kind)
        plain = _unboxed(value, kind)
        try:
            text = texts.literal_text(plain)
        except texts.NotLiteral:
            exact = name in _EXACT or (_boxed(kind) and kind.__name__ != "void")
            text = f"<{name} {value}>" if exact else self._description(value, kind, name)
        if len(text) > MAX_TEXT:
            text = _shortened(text, name, value)
        return {"text": text, "type": _ascii(name)}

    def _description(self, value: Any, kind: type, name: str) -> str:
        import enum

        known = (
            id(kind) in _CONTAINERS
            or kind.__module__.partition(".")[0] in _ASKED
            or issubclass(kind, (enum.Enum, int, float, str, bytes, *_NAMED))
            or name.startswith(("pathlib.", "pathlib._", "functools."))
        )
        text: str = self._texts().describe(value) if known else f"<{name}>"
        return _ascii(text)


def _fresh(value: Any) -> Any:
    """Return a copy that the method may change without changing the next call's."""
    kind = type(value)
    if kind is list or kind is tuple:
        return kind([_fresh(item) for item in value])
    if kind is dict:
        return {key: _fresh(item) for key, item in value.items()}
    return set(value) if kind is set else value


def _with_paths(value: Any, shape: dict[str, Any]) -> Any:
    """Return the value with path objects where the shape has them (pm_kernel.domain.arriving)."""
    kind = type(value)
    inner = shape.get(kind.__name__)
    if inner is None:
        return value
    if kind is str:
        from pathlib import Path

        return Path(value)
    if kind is dict:
        return {_with_paths(k, inner[0]): _with_paths(v, inner[1]) for k, v in value.items()}
    if type(inner) is dict:
        return kind([_with_paths(item, inner) for item in value])
    return kind([_with_paths(*pair) for pair in zip(value, inner)])  # noqa: B905 - Python 3.9


def _fitting(function: _Function, name: str, replaced: Any) -> Any:
    """Return a set value in place of what was passed.

    Members of an enumeration and path objects have no literal: what was set is their text, and what
    it takes the place of says what the code works with.
    """
    text, value = function.set[name]
    kind = type(replaced)
    if "_member_map_" in vars(kind) and value is not None:
        return _member(kind, value, f"{function.name}.{name} was set to {text}")
    if type(value) is str and kind.__module__.startswith("pathlib"):
        return kind(value)
    return _fresh(value)


def _member(kind: Any, value: Any, said: str) -> Any:
    members = vars(kind)["_member_map_"]
    if type(value) is str:
        name = value[len(kind.__name__) + 1 :] if value.startswith(kind.__name__ + ".") else value
        if name in members:
            return members[name]
    for member in members.values():
        own = vars(member)["_value_"]
        if type(own) is type(value) and own == value:
            return member
    raise ValueError(f"{said}, but {kind.__name__} has {', '.join(members)}.")


def _mark(value: Any, depth: int = 0) -> Any:
    """Return something hashable that tells values apart, cheaply and without the method's code."""
    kind = type(value)
    if kind is str:
        return value if len(value) <= _SMALL else (len(value), hash(value))
    if kind is float:
        # 1.0 is not 1; -0.0 equals 0.0 and nan does not equal itself, so both go by their text.
        return (value,) if value and value == value else ("float", repr(value))
    if kind is int:
        return value
    if value is None or kind is bool:
        return (kind is bool, bool(value), 0)
    # The id of the type, not the type: a metaclass may have a hash of its own.
    return (id(kind), kind.__qualname__, _glance(value, kind, depth + 1))


def _glance(value: Any, kind: type, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        return None
    if kind is list or kind is tuple:
        if len(value) <= _SMALL:
            return tuple([_mark(item, depth) for item in value])
        step = len(value) // _SAMPLE
        return (id(value), len(value), tuple([_mark(item, depth) for item in value[::step]]))
    if kind is dict:
        items = value.items() if len(value) <= _SMALL else islice(value.items(), _SAMPLE)
        marks = tuple([(_mark(k, depth), _mark(v, depth)) for k, v in items])
        return marks if len(value) <= _SMALL else (id(value), len(value), marks)
    if kind is set or kind is frozenset:
        few = len(value) <= _SMALL
        return frozenset([_mark(item, depth) for item in value]) if few else len(value)
    if kind is bytes:
        return (len(value), hash(value))
    if kind.__module__ == "numpy" and _shape(value) is not None:
        text = str(value) if _boxed(kind) and kind.__name__ != "void" else None
        return (value.shape, value.dtype, text)
    if kind.__module__.partition(".")[0] in _ASKED:
        return repr(_shape(value))
    if "_member_map_" in vars(kind):
        return vars(value)["_name_"]
    for plain in (str, int, float, bytes):
        if issubclass(kind, plain):
            return plain.__repr__(value)
    name = _type_name(kind)
    if name in _EXACT or name.startswith(("pathlib.", "pathlib._")):
        return str(value)
    return (value.__module__, value.__qualname__) if issubclass(kind, _NAMED) else None


def _boxed(kind: type) -> bool:
    """Whether values of this type are single numbers of numpy's."""
    return any(c.__name__ == "generic" and c.__module__ == "numpy" for c in kind.__mro__)


def _unboxed(value: Any, kind: type) -> Any:
    """Return the Python value of a numpy scalar; anything else as it is."""
    if kind.__module__ != "numpy" or not _boxed(kind):
        return value
    plain = value.item()
    return plain if type(plain) in (bool, int, float, str, bytes) else value


def _shape(value: Any) -> Any:
    try:
        return value.shape
    except Exception:  # noqa: BLE001 - a closed file or a lazy object answers with any error
        return None


def _shortened(text: str, name: str, value: Any) -> str:
    import hashlib

    digest = hashlib.sha256(text.encode("ascii", "backslashreplace")).hexdigest()
    unit = "characters" if isinstance(value, (str, bytes)) else "items"
    size = len(value) if hasattr(value, "__len__") else len(text)
    return _ascii(f"<{name} of {size} {unit}, sha256 {digest[:32]}, {text[:80]}...>")


def _type_name(kind: type) -> str:
    module = kind.__module__
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode("ascii").replace("\0", "\\x00")


def _sibling(folder: str, name: str) -> Any:
    """Import a file that lies beside this one, whatever the module search path is."""
    path = os.path.join(folder, name + ".py")
    if name in sys.modules:
        return sys.modules[name]
    if not os.path.exists(path):
        # Not a copy but the file of the package itself, as in its tests.
        import importlib

        return importlib.import_module("pm_kernel.domain.canonical")
    import importlib.util

    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[name] = module
    return module


#: The one seam of this process; prepared code finds it among the modules or the builtins.
seam = Seam(os.path.dirname(os.path.abspath(__file__)))
enter = seam.enter
source_compiled = seam.source_compiled
