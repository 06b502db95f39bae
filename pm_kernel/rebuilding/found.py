"""What a rebuild read, and what it has to say."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pm_kernel.artifacts.layout import HIGHEST, numbers_in


@dataclass
class Found:
    """Ids of plans, names of templates, and sentences about what is so or was not read."""

    plans: list[int] = field(default_factory=list)
    templates: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def numbers(self, folder: Path, suffix: str = "") -> list[int]:
        """Return the numbers of what lies in a folder; one that nothing can have is a problem."""
        found = numbers_in(folder, suffix)
        self.problems += [
            f"{folder / f'{each}{suffix}'} has a number that nothing can have."
            for each in found
            if not 0 < each <= HIGHEST
        ]
        return [each for each in found if 0 < each <= HIGHEST]


def numbered(document: dict[str, object] | None, file: Path, name: str, number: int) -> bool:
    """Whether a document is what its file's name says; False where it says nothing of that.

    Raises ValueError where it says that it is another.
    """
    # A plan folder may hold a file of that name that somebody else wrote.
    if document is None or name not in document:
        return False
    if document[name] != number or type(document[name]) is not int:
        raise ValueError(f"{file} says that it is number {document[name]!r}")
    return True
