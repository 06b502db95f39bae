"""Where the example methods lie: beside this package in an installation, else in the checkout."""

from __future__ import annotations

from pathlib import Path

from pm_kernel.errors import NotFound


def methods_folder(package: Path | None = None) -> Path:
    """Return the folder with the example methods (``<module>/<method>/run.py``).

    A wheel carries it inside ``package`` (default: this package); an editable install has it at the
    top of the checkout. Raises NotFound when neither is there.
    """
    package = Path(__file__).parent if package is None else package
    candidates = (package / "methods", package.parents[1] / "methods")
    for folder in candidates:
        if any(folder.glob("*/*/run.py")):
            return folder
    looked = " nor ".join(str(folder) for folder in candidates)
    raise NotFound(
        f"The example methods are missing: neither {looked} has any.",
        hint="Install again: `python -m pip install --force-reinstall research-process-manager`",
    )
