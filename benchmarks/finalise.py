"""How long closing a run directory takes, beside `cp` and `sha256sum` of the same files.

    python benchmarks/finalise.py [--megabytes N] [--files N]

The floor copies the folder with `cp -r` and hashes the copy with `sha256sum`; the hashing alone is
shown beside it. `ours` hashes, flushes to the disk, looks again, writes manifest and meta.json,
renames and locks; it copies nothing. A log of 200 MB is read for its entries as well, in a process
of its own; its memory is the peak of that process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from pm_kernel.artifacts.layout import RunStore, remove_tree
from pm_kernel.artifacts.seal import hash_run, seal

UUID = "0b7e1a52-6c2f-4c58-9d0e-111111111111"
LOG = """
import sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from pm_kernel.running.log_entries import log_entries
begin = time.perf_counter()
entries, left_out = log_entries(Path({path!r}))
spent = time.perf_counter() - begin
# Not getrusage: its peak is inherited from the process that started this one.
status = Path("/proc/self/status").read_text()
peak = int(status.partition("VmHWM:")[2].split()[0])
print(f"{{spent:.1f}} s, {{len(entries)}} entries, {{left_out}} only in the file, "
      f"{{peak / 1024:.0f}} MB of memory at most")
"""


def fill(folder: Path, files: int, size: int) -> None:
    chunk = os.urandom(min(size, 1 << 20))
    for number in range(files):
        with open(folder / f"{number:04d}.bin", "wb") as stream:
            for _ in range(max(1, size // len(chunk))):
                stream.write(chunk)


def floor(folder: Path, place: Path) -> tuple[float, float]:
    """Seconds of copying and hashing, and of the hashing alone."""
    copy = place / "copy"
    begin = time.perf_counter()
    subprocess.run(["cp", "-r", str(folder), str(copy)], check=True)
    copied = time.perf_counter()
    subprocess.run(["sh", "-c", "sha256sum * > ../sums"], cwd=copy, check=True)
    ended = time.perf_counter()
    remove_tree(copy)
    return ended - begin, ended - copied


def ours(store: RunStore, folder: Path, number: int) -> float:
    begin = time.perf_counter()
    entries = hash_run(folder)
    seal(folder, store.final(number), number, UUID, entries, {"uuid": UUID})
    return time.perf_counter() - begin


def compare(place: Path, files: int, size: int) -> tuple[float, float, float]:
    best = (9e9, 9e9, 9e9)
    for number in range(1, 4):
        store = RunStore(place / ".runs")
        folder = store.create_partial(UUID)
        fill(folder, files, size)
        spans = (*floor(folder, place), ours(store, folder, number))
        remove_tree(store.final(number))
        best = (min(best[0], spans[0]), min(best[1], spans[1]), min(best[2], spans[2]))
    return best


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--megabytes", type=int, default=1024)
    options.add_argument("--files", type=int, default=3000)
    chosen = options.parse_args()
    shapes = (
        (f"1 file of {chosen.megabytes} MB", 1, chosen.megabytes << 20),
        (f"{chosen.files} files of 100 kB", chosen.files, 100_000),
        ("3 files of 10 kB", 3, 10_000),
    )
    print("| shape | cp + sha256sum | sha256sum | ours | ours / floor | ours / hashing |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="pm-benchmark-", dir="/var/tmp") as name:
        for shape, files, size in shapes:
            both, hashing, mine = compare(Path(name), files, size)
            print(
                f"| {shape} | {both:.3f} s | {hashing:.3f} s | {mine:.3f} s "
                f"| {mine / both:.2f} | {mine / hashing:.2f} |"
            )
        log = Path(name) / "run.log"
        with open(log, "w") as stream:
            for number in range(2_000_000):
                stream.write(f"INFO:root:cell {number} " + "x" * 80 + "\n")
        code = LOG.format(root=str(Path(__file__).parents[1]), path=str(log))
        said = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        print(f"log of {log.stat().st_size >> 20} MB: {said.stdout.strip()}")


if __name__ == "__main__":
    main()
