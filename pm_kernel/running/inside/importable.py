"""Says which of the modules named on the command line this interpreter cannot import.

Run as a script by whoever registers a method; nothing is imported, only looked for.
"""

from __future__ import annotations

import importlib.util
import json
import sys


def missing(names: list[str]) -> list[str]:
    """Return the names whose top-level module is not found."""
    absent = []
    for name in names:
        try:
            found = importlib.util.find_spec(name.partition(".")[0])
        except (ImportError, ValueError):
            found = None
        if found is None:
            absent.append(name)
    return absent


if __name__ == "__main__":
    # This folder came first on the path because the script lies in it.
    del sys.path[0]
    print(json.dumps(missing(sys.argv[1:])))
