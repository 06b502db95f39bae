"""What the method's code really imported: distributions with versions, and files from elsewhere.

Which distribution a module belongs to is read from the ``RECORD`` of the installed distributions.
Reading all of them costs tens of milliseconds, so preparing a version writes the table down beside
the code, and it counts as long as the folders it was read from are unchanged.
"""

from __future__ import annotations

import json
import os
import re
import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    import hashlib
    from collections.abc import Iterable, Iterator
    from typing import Any

#: Files hashed for one editable distribution, and their size; more is no source of a package.
_MAX_FILES = 5000
_MAX_HASHED = 100_000_000
_CODE = (".py", ".so", ".pyd", ".pyi")


def normalised(name: str) -> str:
    """Return a distribution's name as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def site_folders() -> list[str]:
    """Folders on the search path that hold installed distributions."""
    folders = []
    for path in dict.fromkeys(os.path.abspath(p) for p in sys.path if p):
        try:
            if any(name.endswith((".dist-info", ".egg-info")) for name in os.listdir(path)):
                folders.append(path)
        except (NotADirectoryError, FileNotFoundError, PermissionError):
            continue
    return folders


def stamp(folders: Iterable[str]) -> list[list[Any]]:
    """Return folders with their times of change: installing or removing anything changes them."""
    return [[folder, os.stat(folder).st_mtime_ns] for folder in folders]


def read_table() -> dict[str, Any]:
    """Return everything installed for this interpreter.

    ``versions``: distribution -> version. ``owners``: first part of a path below a site folder ->
    distributions; where several share it (namespace packages), ``parts`` has the folders below.
    ``editable``: distribution -> folder of its project.
    """
    folders = site_folders()
    versions: dict[str, str] = {}
    editable: dict[str, str] = {}
    owners: dict[str, set[str]] = {}
    parts: dict[str, set[str]] = {}
    for folder in folders:
        for entry in sorted(os.listdir(folder)):
            stem, ending = os.path.splitext(entry)
            if ending not in (".dist-info", ".egg-info"):
                continue
            label, _, version = stem.partition("-")
            if ending == ".egg-info":
                version = re.sub(r"-py\d.*$", "", version)
            name = normalised(label)
            if name in versions:
                continue  # an earlier folder on the path wins
            versions[name] = version
            info = os.path.join(folder, entry)
            project = _editable_project(info)
            if project is not None:
                editable[name] = project
            for path in _files(info, label):
                first = _module_part(path)
                owners.setdefault(first, set()).add(name)
                parts.setdefault(os.path.dirname(path), set()).add(name)
    shared = {first for first, names in owners.items() if len(names) > 1}
    return {
        "stamp": stamp(folders),
        "versions": versions,
        "editable": editable,
        "owners": {first: sorted(names) for first, names in owners.items()},
        "parts": {p: sorted(n) for p, n in parts.items() if p.partition("/")[0] in shared},
    }


def _files(info: str, label: str) -> Iterator[str]:
    """Paths of a distribution's modules, relative to its site folder."""
    try:
        with open(os.path.join(info, "RECORD"), encoding="utf-8", errors="replace") as stream:
            for line in stream:
                path = line.split(",", 1)[0].strip('"')
                if path.endswith(_CODE) and not path.startswith(("..", "/")):
                    yield path
        return
    except (FileNotFoundError, NotADirectoryError):
        pass
    try:
        with open(os.path.join(info, "top_level.txt"), encoding="utf-8") as stream:
            names = stream.read().split()
    except (FileNotFoundError, NotADirectoryError):
        names = [label.replace("-", "_")]
    yield from (name + "/__init__.py" for name in names)


def _module_part(path: str) -> str:
    """``numpy`` of ``numpy/core/x.py``, ``six`` of ``six.py``."""
    first, _, rest = path.partition("/")
    return first if rest else first.partition(".")[0]


def _editable_project(info: str) -> str | None:
    try:
        with open(os.path.join(info, "direct_url.json"), "rb") as stream:
            document = json.load(stream)
    except (OSError, ValueError):
        return None
    scheme, _, path = str(document.get("url", "")).partition("://")
    if scheme != "file" or not (document.get("dir_info") or {}).get("editable"):
        return None
    # urllib would be the slowest import of a run; a file URL needs one rule of it.
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), path.encode())
    return os.path.realpath(os.fsdecode(raw))


def project_digest(folder: str) -> str:
    """Return the digest of all code below a project folder: what an editable install imports."""
    digest = _sha256()
    files = []
    for place, folders, names in os.walk(folder):
        kept = []
        for name in sorted(folders):
            is_environment = os.path.exists(os.path.join(place, name, "pyvenv.cfg"))
            if not name.startswith((".", "__pycache__", "node_modules")) and not is_environment:
                kept.append(name)
        folders[:] = kept
        files += [os.path.join(place, name) for name in names if name.endswith(_CODE)]
        if len(files) > _MAX_FILES:
            break
    for path in sorted(files)[:_MAX_FILES]:
        digest.update(os.path.relpath(path, folder).encode("utf-8", "surrogateescape") + b"\0")
        digest.update((file_digest(path) or "").encode("ascii") + b"\n")
    return "sha256:" + digest.hexdigest()


def file_digest(path: str) -> str | None:
    """Return ``sha256:…`` of a file; None where it cannot be read or is enormous."""
    digest = _sha256()
    try:
        if os.path.getsize(path) > _MAX_HASHED:
            return None
        with open(path, "rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                digest.update(block)
    except OSError:
        return None
    return "sha256:" + digest.hexdigest()


def _sha256() -> hashlib._Hash:
    if not __package__:
        # Asked as a script, see the end of this file.
        import hashlib

        return hashlib.sha256()
    from . import seldom

    digest: hashlib._Hash = seldom("hashlib").sha256()
    return digest


class Imported:
    """What this process and its children imported, as far as they told."""

    def __init__(self, code_dir: str, before: Iterable[str] = ()) -> None:
        """``before``: modules that Python itself had loaded before the method's code started."""
        self._code = code_dir + os.sep
        self._before = frozenset(before)
        self._table = self._current_table(os.path.join(code_dir, "_pm_distributions.json"))
        self._sites = [folder + os.sep for folder, _ in self._table["stamp"]]
        self._projects = {
            name: path.rstrip(os.sep) + os.sep for name, path in self._table["editable"].items()
        }
        self._environment = environment_folders()
        self._real_folders: dict[str, str] = {}
        #: Folders of editable distributions.
        self.projects = list(self._table["editable"].values())
        #: distribution -> version
        self.versions: dict[str, str] = {}
        #: editable distribution -> digest of its code
        self.editable: dict[str, str] = {}
        #: file outside method folder and environment -> digest
        self.outside: dict[str, str] = {}

    @staticmethod
    def _current_table(path: str) -> dict[str, Any]:
        try:
            with open(path, "rb") as stream:
                table: dict[str, Any] = json.load(stream)
            folders = site_folders()
            if [f for f, _ in table["stamp"]] == folders and table["stamp"] == stamp(folders):
                return table
        except (OSError, ValueError, KeyError):
            pass
        return read_table()

    def add_own(self) -> None:
        """Take in the modules of this process."""
        for name, module in list(sys.modules.items()):
            if name == "__main__" or not issubclass(type(module), ModuleType):
                continue
            # Not getattr: modules that load themselves late would do so now.
            path = object.__getattribute__(module, "__dict__").get("__file__")
            if isinstance(path, str):
                self.add(name, path)

    def add(self, name: str, path: str) -> None:
        """Take in the file of one imported module."""
        path = os.path.abspath(path)
        if name in self._before or path.startswith(self._code):
            return
        for site in self._sites:
            if path.startswith(site):
                self._add_installed(path[len(site) :].replace(os.sep, "/"))
                return
        real = self._real(path)
        projects = [(len(p), n) for n, p in self._projects.items() if real.startswith(p)]
        if projects:
            owner = max(projects)[1]
            self.versions[owner] = self._table["versions"][owner]
            if owner not in self.editable:
                self.editable[owner] = project_digest(self._projects[owner].rstrip(os.sep))
        elif (
            not path.startswith(self._environment)
            and real not in self.outside
            and os.path.isfile(real)
        ):
            digest = file_digest(real)
            if digest is not None:
                self.outside[real] = digest

    def _real(self, path: str) -> str:
        """Return ``os.path.realpath`` of one of many files that share their folders."""
        folder, name = os.path.split(path)
        if folder not in self._real_folders:
            self._real_folders[folder] = os.path.realpath(folder)
        real = os.path.join(self._real_folders[folder], name)
        return os.path.realpath(real) if os.path.islink(real) else real

    def _add_installed(self, path: str) -> None:
        names = self._table["owners"].get(_module_part(path), [])
        if len(names) > 1:
            folder = os.path.dirname(path)
            names = self._table["parts"].get(folder, names)
        for name in names:
            self.versions[name] = self._table["versions"][name]


def environment_folders() -> tuple[str, ...]:
    """Folders of the interpreter: prefixes, standard library, the user's own site folder."""
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.__file__)}
    user_site = getattr(sys.modules.get("site"), "USER_SITE", None)
    folders.update([user_site] if user_site else [])
    both = {*folders, *(os.path.realpath(folder) for folder in folders)}
    return tuple(folder.rstrip(os.sep) + os.sep for folder in both if folder != os.sep)


def _answer() -> dict[str, Any]:
    """Return the table together with the interpreter and every folder that could change it."""
    user_site = getattr(sys.modules.get("site"), "USER_SITE", None)
    folders = dict.fromkeys([*sys.path[1:], *([user_site] if user_site else [])])
    watched = []
    for folder in folders:
        try:
            watched.append([folder, os.stat(folder).st_mtime_ns])
        except OSError:
            watched.append([folder, None])
    version = ".".join(str(number) for number in sys.version_info[:3])
    return {
        **read_table(),
        "python": version,
        "implementation": sys.implementation.name,
        "watched": watched,
    }


if __name__ == "__main__":
    # Asked when a version is prepared or an environment looked at, in a process that sees what a
    # run sees.
    print(json.dumps(_answer()))
