"""The Research Process Manager without a browser: what terminals, tasks and notebooks can do."""

from __future__ import annotations

__version__ = "0.1.0"
