"""A log read while its directory moves."""

from __future__ import annotations

import pytest

from pm_kernel.artifacts import run_log
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.run_log import RunLog, text_lines, text_lines_from, texts
from pm_kernel.cli.log import harmless

UUID = "0f3a5c0e-2a06-4a55-9d0c-9b1c0b9e3c11"


@pytest.fixture
def store(tmp_path):
    made = RunStore(tmp_path / ".runs")
    made.create_partial(UUID)
    return made


class Story:
    """What happens to a run while somebody waits for its log: one step per pause."""

    def __init__(self, *steps):
        self.steps = list(steps)
        self.time = 0.0

    def sleep(self, seconds):
        # A reader that waits for something which never comes fails here.
        self.time += 10
        self.steps.pop(0)()

    def ended(self):
        return not self.steps

    def follow(self, store):
        log = RunLog(store, 7, UUID, sleep=self.sleep, clock=lambda: self.time)
        return b"".join(log.chunks(ended=self.ended))


def append(store, content):
    def step():
        with (store.partial(UUID) / "run.log").open("ab") as stream:
            stream.write(content)

    return step


def test_a_log_is_read_whole_in_pieces(store):
    content = b"line\n" * 100_000
    append(store, content)()
    pieces = list(RunLog(store, 7, UUID).chunks())
    assert len(pieces) > 1
    assert b"".join(pieces) == content


def test_a_log_that_is_not_there_is_empty(store):
    log = RunLog(store, 7, UUID)
    assert not log.exists()
    assert list(log.chunks()) == []


def test_following_goes_on_over_the_final_rename_and_ends_with_the_run(store):
    def finish():
        append(store, b"three\n")()
        store.partial(UUID).rename(store.final(7))

    story = Story(append(store, b"one\n"), append(store, b"two\n"), finish)
    assert story.follow(store) == b"one\ntwo\nthree\n"


def test_following_goes_on_by_way_of_a_dead_directory(store):
    def die():
        store.dead(UUID).parent.mkdir()
        store.partial(UUID).rename(store.dead(UUID))

    def settle():
        store.dead(UUID).rename(store.final(7))

    story = Story(append(store, b"one\n"), die, settle)
    assert story.follow(store) == b"one\n"


def test_a_log_that_appears_only_under_the_final_name_is_found(store):
    def all_at_once():
        append(store, b"late\n")()
        store.partial(UUID).rename(store.final(7))

    assert Story(all_at_once).follow(store) == b"late\n"


def test_following_a_run_that_ends_without_a_log_ends_too(store):
    assert Story(lambda: store.partial(UUID).rename(store.final(7))).follow(store) == b""


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pieces_tear_no_character_and_no_escape_sequence(size):
    content = "größe \x1b[31mrot\x1b[0m 細胞\n".encode() + b"\xff end"
    chunks = [content[n : n + size] for n in range(0, len(content), size)]
    pieces = list(texts(chunks))
    assert "".join(pieces) == "größe \x1b[31mrot\x1b[0m 細胞\n\\xff end"
    assert "\x1b[31m" in harmless("".join(pieces))
    assert "".join(harmless(piece) for piece in pieces) == harmless("".join(pieces))


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ([b"one\ntwo\n"], ["one", "two"]),
        ([b"o", b"ne\r\ntw", b"o"], ["one", "two"]),
        ([b"\n\n"], ["", ""]),
        ([], []),
    ],
)
def test_lines_are_whole_whatever_the_pieces(chunks, lines):
    assert list(text_lines(chunks)) == lines


def test_a_line_without_end_comes_in_pieces():
    lines = list(text_lines([b"x" * 1_000_000] * 3))
    assert sum(map(len, lines)) == 3_000_000
    assert max(map(len, lines)) <= 1 << 16


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H"),
        ("\x9b2J", "\\x9b2J"),
        ("\x1b[31", "\\x1b[31"),
        (" 10%\r 20%\r\n", " 10%\r 20%\r\n"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
    ],
)
def test_a_log_can_colour_a_screen_and_do_nothing_else_to_it(text, shown):
    assert harmless(text) == shown


@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_lines_are_read_on_from_one_of_them_as_if_all_had_been_read(size):
    line = b"caf\xc3\xa9 \xff\xe2\n\x82\r\n\n\x1b[31mred\x1b[0m"
    long = (b"x" * 70_000, b"\xff" * 20_000) if size > 1000 else ()
    for middle in (b"", *long):
        log = b"\n".join([line, line, middle, line, b"half"]) * 3
        chunks = [log[at : at + size] for at in range(0, len(log), size)]
        every = list(text_lines(chunks))
        for first in range(1, len(every) + 3):
            found = list(text_lines_from(lambda chunks=chunks: chunks, first))
            assert found == every[first - 1 :]


def test_what_lies_before_the_line_is_not_decoded(monkeypatch):
    decoded = 0

    def counted(chunks):
        nonlocal decoded
        for chunk in chunks:
            decoded += len(chunk)
            yield chunk.decode()

    monkeypatch.setattr(run_log, "texts", counted)
    chunks = [b"a line\n" * 10_000] * 50
    assert list(run_log.text_lines_from(lambda: chunks, 499_999)) == ["a line"] * 2
    assert decoded == 2 * len(b"a line\n")
