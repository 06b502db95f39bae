"""The database into a file and back, whether it is the embedded server or one of one's own.

    backup   pg_dump's custom format, private, whole or not there
    restore  the file is looked at first; then it takes the place of the present database in one
             step, and what it replaced is kept
    undo     puts back what the last restore replaced

A database that was restored knows less than the run store. So ids that folders have already are
never given out again, and what the store has more is counted: `pm rebuild` reads it.
"""

from __future__ import annotations

from pm_kernel.backup.restoring import Restored, back_up, refuse_at_work, restore, undo

__all__ = ["Restored", "back_up", "refuse_at_work", "restore", "undo"]
