"""Drawings that are not saved yet: kept as they are, and never one over another's."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
from pathlib import Path

import pytest

from pm_kernel.config import Settings
from pm_kernel.errors import Conflict, InvalidInput, NotFound
from pm_kernel.unsaved import forget_unsaved, get_unsaved, keep_unsaved, list_unsaved
from pm_kernel.workspace import init_workspace

#: It has faults of every kind: a plan or a template would refuse it.
UNFINISHED = {"document": {"name": "", "steps": {"a": {"method": ""}, "b": {"method": "gone"}}}}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return init_workspace(tmp_path / "study")


def test_what_is_drawn_is_kept_as_it_is_and_forgotten_when_it_is_saved(settings):
    assert list_unsaved(settings) == []
    first = keep_unsaved(settings, "tab-1", UNFINISHED, expected=None)
    second = keep_unsaved(settings, "tab-2", {"document": 1}, expected=None)
    assert get_unsaved(settings, "tab-1") == first
    assert first.content == UNFINISHED
    again = keep_unsaved(settings, "tab-1", {"document": 2}, expected=first.revision)
    assert list_unsaved(settings) == [again, second]
    forget_unsaved(settings, "tab-1", expected=again.revision)
    forget_unsaved(settings, "tab-1", expected=again.revision)
    assert list_unsaved(settings) == [second]
    with pytest.raises(NotFound, match="no unsaved drawing 'tab-1'"):
        get_unsaved(settings, "tab-1")
    # Whoever still draws it elsewhere keeps it anew.
    assert keep_unsaved(settings, "tab-1", UNFINISHED, expected=again.revision).key == "tab-1"


def test_nobody_keeps_one_over_what_somebody_else_drew_meanwhile(settings):
    seen = keep_unsaved(settings, "tab", {"document": 1}, expected=None)
    theirs = keep_unsaved(settings, "tab", {"document": 2}, expected=seen.revision)
    for expected in (None, seen.revision):
        with pytest.raises(Conflict, match="was changed meanwhile"):
            keep_unsaved(settings, "tab", {"document": 3}, expected=expected)
    with pytest.raises(Conflict):
        forget_unsaved(settings, "tab", expected=seen.revision)
    assert get_unsaved(settings, "tab") == theirs


def test_there_is_an_end_to_what_is_kept_and_nothing_drawn_goes_unasked(settings, monkeypatch):
    monkeypatch.setattr("pm_kernel.unsaved.MOST_KEPT", 4)
    nothing = {"document": {"name": "", "steps": {}, "layout": {"frames": []}}, "request": {}}
    samples = {**nothing, "request": {"samples": ["s1"]}}
    comment = {"document": {"steps": {}, "layout": {"comments": [{"text": "later"}]}}}
    saved = {**nothing, "template": {"name": "cells", "revision": "x"}}
    for key, content in {"a": nothing, "b": samples, "c": comment, "d": saved}.items():
        keep_unsaved(settings, key, content, expected=None)
    with pytest.raises(InvalidInput, match="4 drawings that are not saved"):
        keep_unsaved(settings, "e", UNFINISHED, expected=None)
    # Those that are there can be drawn on.
    keep_unsaved(settings, "c", UNFINISHED, expected=get_unsaved(settings, "c").revision)
    for file in (settings.runs_dir / "drawings").glob("*.json"):
        kept = json.loads(file.read_text())
        file.write_text(json.dumps({**kept, "changed_at": "2020-01-01T00:00:00+00:00"}))
    keep_unsaved(settings, "e", UNFINISHED, expected=None)
    assert sorted(each.key for each in list_unsaved(settings)) == ["b", "c", "d", "e"]


def test_who_asks_again_for_the_answer_was_lost_is_answered_the_same(settings):
    kept = keep_unsaved(settings, "tab", {"document": {"a": 1, "b": 2}}, expected=None)
    again = keep_unsaved(settings, "tab", {"document": {"a": 1, "b": 2}}, expected=None)
    assert again == kept == get_unsaved(settings, "tab")
    for other in ({"a": True, "b": 2}, {"b": 2, "a": 1}):
        with pytest.raises(Conflict):
            keep_unsaved(settings, "tab", {"document": other}, expected=None)


def test_a_group_that_shares_the_workspace_shares_the_drawings(settings):
    before = os.umask(0o002)
    try:
        settings.runs_dir.chmod(0o2775)
        keep_unsaved(settings, "tab", UNFINISHED, expected=None)
    finally:
        os.umask(before)
    folder = settings.runs_dir / "drawings"
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in (folder, *folder.iterdir())}
    assert modes == {"drawings": 0o2775, ".lock": 0o664, "tab.json": 0o664}


def test_a_file_system_without_locks_keeps_drawings_too(settings, monkeypatch):
    def no_locks(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    kept = keep_unsaved(settings, "tab", UNFINISHED, expected=None)
    forget_unsaved(settings, "tab", expected=kept.revision)
    assert list_unsaved(settings) == []


@pytest.mark.parametrize("key", ["", ".", "..", "a/b", "../pm", "a.b", "-a", "é", "x" * 65])
def test_a_key_is_never_a_path(settings, key):
    with pytest.raises(InvalidInput, match="is no key of a drawing"):
        keep_unsaved(settings, key, {}, expected=None)


def test_a_file_that_is_no_drawing_hides_no_other(settings):
    kept = keep_unsaved(settings, "tab", UNFINISHED, expected=None)
    folder = settings.runs_dir / "drawings"
    for name, text in {"half": '{"user', "list": "[]", "other": '{"content": 1}'}.items():
        (folder / f"{name}.json").write_text(text)
    assert list_unsaved(settings) == [kept]
