"""Makes the code of a version ready to run: its tracked functions report at entry.

    <method's python> -I prepare.py CODE_DIR SPEC      SPEC: JSON text, or - for standard input

``CODE_DIR`` is an exported method folder. Each module that holds tracked functions is compiled with
one more statement at the start of each of them, and the result is written as an unchecked
hash-based ``.pyc`` (PEP 552) for every optimisation level. Whoever imports the module, in whatever
process, gets that code. The source stays as written but for one line that notices when Python
compiles the source again (``python helper.py``, another interpreter). The folder may be copied
anywhere: Python corrects the file names inside a ``.pyc`` when it loads it.

Added statements carry the position of their ``def``: tracebacks, ``inspect.getsource`` and line
numbers stay the user's.

SPEC: ``{"entry": {"file": "run.py", "kind": "function" | "script"}, "tracked": [{"function",
"qualname", "file", "params": [...] or null for all}]}``. Prints ``{"format": 1, "python", "found":
[{"function", "qualname", "file", "params"}], "refused": [{"function", "qualname", "file", "reason",
"suggestion", "line"}]}``. Standard library only, Python >= 3.9.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import marshal
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

if __package__:
    from pm_kernel.running.trackable import (
        Definition,
        FunctionNode,
        Refusal,
        SourceFile,
        check_trackable,
    )
else:
    # A plain script in the method's interpreter, which may know another pm_kernel or none.
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))
    from trackable import (  # type: ignore[import-not-found,no-redef]
        Definition,
        FunctionNode,
        Refusal,
        SourceFile,
        check_trackable,
    )

__all__ = ["Refusal", "check_trackable", "prepare"]

_HERE = os.path.dirname(os.path.abspath(__file__))
#: What lies beside the method's code while it runs, and where it comes from.
COPIED = {
    "_pm_runner.py": os.path.join(_HERE, "runner.py"),
    "_pm_seam.py": os.path.join(_HERE, "seam.py"),
    "_pm_canonical.py": os.path.join(os.path.dirname(_HERE), "domain", "canonical.py"),
    "_pm_inside": os.path.join(_HERE, "inside"),
}

#: Scripts that an environment is asked by; no run needs them.
_ASKED_ALONE = ("importable.py",)

#: The entry statement. ``__pm_enter__`` is a builtin once the seam is loaded: the module's own
#: namespace stays as written, and finding it costs nothing. In a new process the except branch
#: loads the seam. The function itself knows where that lies, even where it was pickled by value
#: and arrived in a process that never heard of this folder: by the file name in its code, or
#: (cloudpickle 3.1.3 and newer replace that one) by the ``__file__`` that its globals keep.
_ENTRY = """
try:
    {target}__pm_enter__({key!r}, {names!r}{values})
except NameError:
    __import__('builtins').exec({loader!r}, {{
        'frame': __import__('sys')._getframe(), 'levels': {levels}}})
    {target}__import__('sys').modules['_pm_seam'].enter({key!r}, {names!r}{values})
"""
_LOADER = """
import importlib.util, os, sys
for path in (frame.f_code.co_filename, str(frame.f_globals.get('__file__'))):
    for _ in range(levels):
        path = os.path.dirname(path)
    path = os.path.join(path, '_pm_seam.py')
    if os.path.isabs(path) and os.path.exists(path):
        break
else:
    raise RuntimeError('A tracked function was called in a process that cannot reach the code of '
        'its run (' + path + '), so what arrived there could not be recorded.')
if '_pm_seam' not in sys.modules:
    spec = importlib.util.spec_from_file_location('_pm_seam', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module = sys.modules.setdefault('_pm_seam', module)
    __import__('builtins').__pm_enter__ = module.enter
"""
#: The line in the source; silent where it stands alone, as in a copy that somebody took elsewhere.
_NOTICING = (
    "try:\n"
    " import importlib.util as u,os,sys\n"
    " p=os.path.abspath(f)\n"
    " for _ in range({levels}):p=os.path.dirname(p)\n"
    " if '_pm_seam' not in sys.modules:\n"
    "  s=u.spec_from_file_location('_pm_seam',os.path.join(p,'_pm_seam.py'))\n"
    "  m=u.module_from_spec(s);s.loader.exec_module(m);sys.modules['_pm_seam']=m\n"
    " sys.modules['_pm_seam'].source_compiled(f)\n"
    "except Exception:pass"
)
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=]")


class PrepareError(Exception):
    """The folder cannot be prepared at all."""


def prepare(code_dir: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Prepare an exported method folder in place; returns what was found and what was refused.

    Raises PrepareError where the folder was prepared before or holds files under our names.
    """
    for name in COPIED:
        if os.path.exists(os.path.join(code_dir, name)):
            raise PrepareError(
                f"{code_dir} already holds {name}: it was prepared before, or the method uses a "
                "name that begins with _pm_, which belongs to the runner."
            )
    for folder, folders, _ in os.walk(code_dir):
        # Compiled files that came along could be taken for ours.
        if "__pycache__" in folders:
            shutil.rmtree(os.path.join(folder, "__pycache__"))
            folders.remove("__pycache__")
    found: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    by_file: dict[str, list[dict[str, Any]]] = {}
    for tracked in spec.get("tracked", []):
        by_file.setdefault(tracked["file"], []).append(tracked)
    for file, functions in by_file.items():
        entry = spec.get("entry", {})
        if entry.get("kind") == "script" and entry.get("file") == file:
            # The command line reports itself; its name stands for no function.
            commands = [each for each in functions if each["qualname"] == "run"]
            found += [{**_named(each), "params": each.get("params") or []} for each in commands]
            functions = [each for each in functions if each not in commands]
        _prepare_file(code_dir, file, functions, found, refused)
    for name, source in COPIED.items():
        _copy(source, os.path.join(code_dir, name))
    _write_distributions(os.path.join(code_dir, "_pm_distributions.json"))
    version = ".".join(str(number) for number in sys.version_info[:3])
    return {"format": 1, "python": version, "found": found, "refused": refused}


def _prepare_file(
    code_dir: str,
    file: str,
    functions: list[dict[str, Any]],
    found: list[dict[str, Any]],
    refused: list[dict[str, Any]],
) -> None:
    def refuse(tracked: dict[str, Any], refusal: Refusal) -> None:
        detail = {"reason": refusal.reason, "suggestion": refusal.suggestion, "line": refusal.line}
        refused.append({**_named(tracked), **detail})

    path = os.path.join(code_dir, *file.split("/"))
    problem = _unusable(code_dir, path)
    if problem is not None:
        for tracked in functions:
            refuse(tracked, Refusal(tracked["qualname"], *problem))
        return
    with open(path, "rb") as stream:
        source = stream.read()
    try:
        parsed = SourceFile(source, file)
    except (SyntaxError, ValueError):
        for refusal in check_trackable(source, [each["qualname"] for each in functions]):
            refuse(next(t for t in functions if t["qualname"] == refusal.qualname), refusal)
        return
    chosen: list[tuple[FunctionNode, list[str], str]] = []
    for tracked in functions:
        definition = parsed.find(tracked["qualname"])
        if isinstance(definition, Refusal):
            refuse(tracked, definition)
            continue
        names, refusal_of_names = _wanted(definition, tracked.get("params"))
        if refusal_of_names is not None:
            refuse(tracked, refusal_of_names)
            continue
        chosen.append((definition.node, names, file + ":" + tracked["qualname"]))
        found.append({**_named(tracked), "params": names})
    if chosen:
        levels = file.count("/") + 1
        noticing = with_notice(source, levels)
        for node, names, key in chosen:
            _insert_entry(node, names, key, levels)
        _replace(path, noticing)
        _write_compiled(path, noticing, parsed.tree, file)


def _named(tracked: dict[str, Any]) -> dict[str, Any]:
    return {key: tracked[key] for key in ("function", "qualname", "file")}


def _unusable(code_dir: str, path: str) -> tuple[str, str] | None:
    """Why what lies at ``path`` is not what an import would load, and what to do."""
    if not os.path.isfile(path):
        return "is in a file that the version does not contain", "Commit the file with the method."
    inside = os.path.join(os.path.realpath(code_dir), os.path.relpath(path, code_dir))
    if os.path.realpath(path) != inside:
        return "is in a file that is a link to another place", "Put the file itself there."
    stem = os.path.splitext(path)[0]
    if os.path.basename(path) != "__init__.py":
        folder = os.path.dirname(path)
        base = os.path.basename(stem)
        for name in os.listdir(folder):
            is_library = name.startswith(base + ".") and name.endswith((".so", ".pyd"))
            if is_library or (name == base and os.path.isfile(os.path.join(stem, "__init__.py"))):
                return (
                    f"is in a file that Python does not import, because {name} comes before it",
                    "Give one of the two another name.",
                )
    return None


def _wanted(definition: Definition, params: list[str] | None) -> tuple[list[str], Refusal | None]:
    names = definition.parameters()
    if params is None:
        return names, None
    missing = [name for name in params if name not in names]
    if missing:
        return [], Refusal(
            definition.qualname,
            f"has no parameter {missing[0]!r}; it takes {', '.join(names) or 'none'}",
            "Register the method again, so that its parameters are read from this code.",
            definition.node.lineno,
        )
    return [name for name in names if name in params], None


def _insert_entry(node: FunctionNode, names: list[str], key: str, levels: int) -> None:
    text = _ENTRY.format(
        target="".join(f"{name}, " for name in names) + ("= " if names else ""),
        key=key,
        names=tuple(names),
        values="".join(f", {name}" for name in names),
        loader=_LOADER,
        levels=levels,
    )
    statement = ast.parse(text).body[0]
    for each in ast.walk(statement):
        if hasattr(each, "lineno"):
            each.lineno = each.end_lineno = node.lineno  # type: ignore[attr-defined]
            each.col_offset = each.end_col_offset = node.col_offset  # type: ignore[attr-defined]
    has_docstring = ast.get_docstring(node, clean=False) is not None
    node.body.insert(1 if has_docstring else 0, statement)


def with_notice(source: bytes, levels: int) -> bytes:
    """Return the source with the noticing line in it and every other line where it was.

    A blank line outside all statements takes it, early enough to run before any call; else it goes
    in front of a top-level statement or, where there is none, at the end.
    """
    code = _NOTICING.format(levels=levels)
    line = f"exec({code!r}, {{'f': globals().get('__file__', '')}})".encode("ascii")
    tree = ast.parse(source)
    expected = [ast.dump(node) for node in tree.body]
    for candidate in _places(source, tree, line):
        try:
            got = ast.parse(candidate)
        except (SyntaxError, ValueError):
            continue
        dumps = [ast.dump(node) for node in got.body]
        rest = [dump for dump in dumps if "_pm_seam" not in dump]
        same_start = ast.get_docstring(got, clean=False) == ast.get_docstring(tree, clean=False)
        if rest == expected and same_start and _compiles(candidate):
            return candidate
    raise PrepareError("No place for the noticing line was found.")  # the end always is one


def _compiles(source: bytes) -> bool:
    try:
        # Parsing does not see a `from __future__` that is no longer at the beginning.
        compile(source, "<source>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _places(source: bytes, tree: ast.Module, line: bytes) -> Iterator[bytes]:
    lines = source.splitlines(keepends=True)
    covered: set[int] = set()
    for node in tree.body:
        first = min([node.lineno] + [d.lineno for d in getattr(node, "decorator_list", ())])
        covered.update(range(first, (node.end_lineno or node.lineno) + 1))
    blank: list[int] = []
    comment: list[int] = []
    for number, text in enumerate(lines, start=1):
        stripped = text.strip()
        if number in covered or (number <= 2 and (text[:2] == b"#!" or _CODING.match(text))):
            continue
        (comment if stripped else blank).append(number)
    before = _first_possible_call(tree)
    for number in [n for n in (*blank, *comment) if n < before]:
        content = lines[number - 1].rstrip(b"\r\n")
        ending = lines[number - 1][len(content) :]
        kept = b"  " + content.strip() if content.strip() else b""
        yield b"".join([*lines[: number - 1], line, kept, ending, *lines[number:]])
    for node in tree.body:
        if not hasattr(node, "body"):
            number = node.lineno
            yield b"".join([*lines[: number - 1], line, b"; ", *lines[number - 1 :]])
    yield source + (b"" if source.endswith((b"\n", b"\r")) or not source else b"\n") + line + b"\n"


def _first_possible_call(tree: ast.Module) -> int:
    """Line of the first statement that could call a function which the file has defined."""
    quiet = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    defined = False
    for node in tree.body:
        if isinstance(node, quiet):
            defined = defined or not isinstance(node, (ast.Import, ast.ImportFrom))
        elif defined:
            return node.lineno
    return sys.maxsize


def _write_compiled(
    path: str, source: bytes, tree: ast.Module, filename: str, levels: str = "012"
) -> None:
    """Write the ``.pyc`` of each optimisation level; flag 1 is "by hash, never checked"."""
    header = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")
    header += importlib.util.source_hash(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for level in map(int, levels):
            code = compile(tree, filename, "exec", dont_inherit=True, optimize=level)
            tag = str(level) if level else ""
            target = importlib.util.cache_from_source(path, optimization=tag)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            _replace(target, header + marshal.dumps(code))


def _copy(source: str, target: str, levels: str = "012") -> None:
    if os.path.isdir(source):
        os.mkdir(target)
        for name in sorted(os.listdir(source)):
            if name.endswith(".py") and name not in _ASKED_ALONE:
                # Imported by the runner alone, which is never optimised.
                _copy(os.path.join(source, name), os.path.join(target, name), "0")
        return
    with open(source, "rb") as stream:
        content = stream.read()
    _replace(target, content)
    _write_compiled(target, content, ast.parse(content), os.path.basename(target), levels)


def _write_distributions(path: str) -> None:
    """Write which distribution each module of this environment belongs to, for the report."""
    # In a process without -I: that is how the method will run, with the user's site folder.
    script = os.path.join(COPIED["_pm_inside"], "imported.py")
    answer = subprocess.run([sys.executable, script], capture_output=True, check=False)
    if answer.returncode == 0:
        _replace(path, answer.stdout)


def _replace(path: str, content: bytes) -> None:
    # A new file, never the old one changed: an exported file may be read-only or shared.
    if os.path.exists(path):
        os.remove(path)
    with open(path, "wb") as stream:
        stream.write(content)


def main() -> int:
    """Prepare the folder named on the command line."""
    if sys.version_info < (3, 9):  # noqa: UP036 - the method's interpreter, not ours
        print("This interpreter is too old: methods need Python 3.9 or newer.", file=sys.stderr)
        return 2
    if len(sys.argv) != 3:
        print("Usage: prepare.py CODE_DIR SPEC", file=sys.stderr)
        return 2
    text = sys.stdin.read() if sys.argv[2] == "-" else sys.argv[2]
    # Compiling from a tree counts nesting that compiling from text does not.
    sys.setrecursionlimit(20_000)
    try:
        result = prepare(sys.argv[1], json.loads(text))
    except PrepareError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
