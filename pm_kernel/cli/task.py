"""Around a task of a plan: ``python -S task.py register_run …``, for the commands of tasks only.

It is ``pm`` without what Python does at each start to find installed packages (``site``): it asks
the plan's supervisor, which has them loaded. Where nobody answers they are found after all.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run one command of a task."""
    # In the place of this folder, whose files are no modules of their own.
    if not sys.flags.safe_path:
        del sys.path[0]
    sys.path.append(__file__.rpartition("/pm_kernel/")[0])
    from pm_kernel.cli.main import main

    sys.exit(main())


if __name__ == "__main__":
    main()
