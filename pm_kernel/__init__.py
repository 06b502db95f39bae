"""The Research Process Manager without a browser: everything a terminal, a task or a notebook can do."""

from __future__ import annotations

__version__ = "0.1.0"
