"""A lost or older database read again, from the methods repository and the run store.

    reading    all of it, in the order in which one rests on the other
    versions   those that git has; which runs wait for others
    templates  those that the database lacks, or has as they were earlier
    plans      those that it lacks, has as drafts, or has as they were earlier
    kept       what the run store has of one plan
    earlier    a plan of a backup, brought to what became of it since
    records    a plan's runs, and what they add up to
    found      what was read, and what could not be

What the database has and nothing newer is known of stays as it is.
"""

from __future__ import annotations

from pm_kernel.rebuilding.reading import Rebuilt, rebuild

__all__ = ["Rebuilt", "rebuild"]
