"""Images that no browser shows, as pictures: of every kind, small, visible, at a bounded cost."""

from __future__ import annotations

import asyncio
import base64
import io
import lzma
import os
import re
import struct
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from tornado import web

from pm_kernel.errors import InvalidInput
from pm_server.pictures import drawing
from pm_server.pictures.child import drawn
from pm_server.pictures.drawing import draw
from pm_server.services import SERVICES

from .world import Study

ROWS, COLUMNS = np.indices((60, 80))
#: Squares of 10 with a gap of 2 between them, numbered from 1.
LABELS = np.where((ROWS % 12 < 10) & (COLUMNS % 12 < 10), ROWS // 12 * 7 + COLUMNS // 12 + 1, 0)
RGB = np.dstack([ROWS * 4, COLUMNS * 3, ROWS + COLUMNS]).astype(np.uint8)
NOISE = np.random.default_rng(0).poisson(50, (60, 80)) + 100


def tiff(pixels: Any, **how: Any) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, pixels, **how)
    return out.getvalue()


def by_pillow(image: Image.Image, **how: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, "TIFF", **how)
    return out.getvalue()


def by_libtiff(compression: str) -> bytes:
    """Nothing where the libtiff of this Pillow was built without it."""
    try:
        return by_pillow(Image.fromarray(RGB), compression=compression)
    except (OSError, RuntimeError):
        return b""


def array(pixels: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, pixels)
    return out.getvalue()


def ifd(data: bytes, *, width: int, height: int, rows: int, compression: int = 8) -> bytes:
    """A TIFF file of one strip, whatever it says of itself."""
    tags = [(256, width), (257, height), (258, 8), (259, compression), (262, 1), (273, 0)]
    tags += [(277, 1), (278, rows), (279, len(data))]
    start = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(struct.pack("<HHII", t, 4, 1, start if t == 273 else v) for t, v in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 0) + data


def shown(file: bytes, plane: int = 1, longest: int = 1024) -> tuple[dict[str, Any], Any]:
    facts, png = drawn(io.BytesIO(file), plane, longest)
    assert "refused" not in facts, facts
    assert png.startswith(b"\x89PNG")
    return facts, np.asarray(Image.open(io.BytesIO(png)))


def refused(file: bytes, plane: int = 1) -> str:
    facts, png = drawn(io.BytesIO(file), plane, 1024)
    assert png == b""
    return str(facts["refused"])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "uint32", "int64"])
def test_labels_are_seen_whatever_their_bits_each_in_a_colour(dtype):
    facts, pixels = shown(tiff(LABELS.astype(dtype), compression="zlib"))
    assert (facts["colours"], facts["least"], facts["most"]) == ("labels", "0", "35")
    colours = {int(n): tuple(pixels[n == LABELS][0]) for n in np.unique(LABELS)}
    assert colours[0] == (0, 0, 0)
    assert len(set(colours.values())) == 36
    assert min(max(colour) for number, colour in colours.items() if number) > 100
    for number, colour in colours.items():
        assert (pixels[number == LABELS] == colour).all()


@pytest.mark.parametrize("value", [1, 255])
def test_a_mask_is_black_and_white(value):
    facts, pixels = shown(tiff(((LABELS > 0) * value).astype(np.uint8)))
    assert (facts["colours"], facts["most"]) == ("grey", str(value))
    assert (pixels == (LABELS > 0) * 255).all()
    assert facts["stretched"] == (["0", "1"] if value == 1 else None)


def test_what_slopes_down_to_a_dark_background_is_light_and_not_labels():
    far = np.hypot(*(np.indices((400, 400)) - 200))
    for slope in (0.2, 0.5, 0.1):
        for top in (40, 90):
            hill = np.clip(top - far * slope, 0, None).astype(np.uint16)
            assert shown(tiff(hill))[0]["colours"] == "grey"
    # Of labels that touch each other as well.
    touching = (np.indices((60, 80)) // 12).sum(axis=0).astype(np.uint16)
    touching[:, ::40] = 0
    assert shown(tiff(touching))[0]["colours"] == "labels"


def test_one_pixel_of_a_mask_and_small_labels_are_not_lost_where_it_is_made_small():
    mask = np.zeros((300, 300), np.uint8)
    mask[7, 9] = 1
    assert shown(tiff(mask))[1].max() == 255
    large = np.kron(LABELS, np.ones((16, 16))).astype(np.uint16)
    large[5, 5 + 16 * 10] = 99
    facts, pixels = shown(tiff(large, tile=(64, 64), compression="zlib"), longest=100)
    assert (facts["width"], facts["height"]) == (1280, 960)
    assert pixels.shape == (74, 99, 3)
    assert pixels.any(axis=2).mean() > 0.6
    assert pixels[0, 12].max() > 100


@pytest.mark.parametrize(
    ("pixels", "bits", "numbers", "between"),
    [
        (NOISE.astype(np.uint16), 16, "unsigned", (101, 199)),
        (NOISE.astype(">i2") - 200, 16, "signed", (-99, -1)),
        (NOISE.astype(np.float32) / 1000, 32, "float", (0.1, 0.2)),
        (NOISE.astype(np.float64) * 1e6, 64, "float", (1e8, 2e8)),
        (NOISE.astype(np.float16), 16, "float", (101, 199)),
    ],
)
def test_contrast_is_stretched_over_what_there_is_and_told(pixels, bits, numbers, between):
    hot = pixels.copy()
    hot[3, 3] = pixels.max() * 3 if pixels.max() > 0 else 9000
    facts, light = shown(tiff(hot))
    assert (facts["bits"], facts["numbers"], facts["colours"]) == (bits, numbers, "grey")
    black, white = map(float, facts["stretched"])
    # One hot pixel does not make all others black.
    assert between[0] <= black < white <= between[1]
    assert float(facts["most"]) > white
    assert 90 < light.mean() < 170


def test_values_that_are_no_numbers_are_left_out_and_one_value_is_told():
    pixels = NOISE.astype(np.float32)
    pixels[:20] = np.nan
    pixels[20, 0] = np.inf
    facts, light = shown(tiff(pixels), longest=40)
    assert float(facts["most"]) < 200
    assert not light[:10].any()
    assert light[12:].mean() > 90
    facts, light = shown(tiff(np.full((9, 9), np.nan, np.float32)))
    assert (facts["least"], facts["most"], light.any()) == (None, None, False)
    facts, light = shown(tiff(np.full((9, 9), 7, np.uint16)))
    assert (facts["least"], facts["most"], light.min()) == ("7", "7", 255)
    assert not shown(tiff(np.zeros((9, 9), np.uint16)))[1].any()
    assert shown(tiff(LABELS > 0))[0]["bits"] == 1
    assert shown(tiff(np.full((9, 9), 3 + 4j, np.complex64)))[0]["most"] == "5"


@pytest.mark.parametrize(
    "file",
    [
        tiff(RGB, photometric="rgb"),
        tiff(RGB, photometric="rgb", compression="zlib", predictor=True, rowsperstrip=7),
        tiff(RGB, photometric="rgb", tile=(16, 32), bigtiff=True, byteorder=">"),
        tiff(np.moveaxis(RGB, 2, 0), photometric="rgb", planarconfig="separate"),
        tiff(
            np.moveaxis(RGB, 2, 0),
            photometric="rgb",
            planarconfig="separate",
            compression="zlib",
            rowsperstrip=7,
        ),
        by_pillow(Image.fromarray(RGB), compression="tiff_lzw", tiffinfo={317: 2}),
        by_libtiff("zstd"),
        by_pillow(Image.fromarray(RGB), compression="packbits"),
        by_libtiff("lzma"),
    ],
    ids=["plain", "deflate", "big", "planar", "planar-deflate", "lzw", "zstd", "packbits", "lzma"],
)
def test_colours_are_as_they_are_however_they_are_stored(file):
    if not file:
        pytest.skip("libtiff was built without it")
    facts, pixels = shown(file)
    assert (facts["colours"], facts["bits"], facts["stretched"]) == ("rgb", 8, None)
    assert (pixels == RGB).all()


def test_colours_of_other_kinds():
    clear = np.dstack([RGB, np.full((60, 80), 64, np.uint8)])
    facts, pixels = shown(tiff(clear, photometric="rgb", extrasamples=["unassalpha"]))
    assert (pixels == clear).all()
    facts, pixels = shown(tiff(RGB.astype(np.uint16) * 8, photometric="rgb"))
    assert (facts["bits"], facts["stretched"][0]) == (16, "0")
    assert pixels.max() == 255
    facts, pixels = shown(by_pillow(Image.fromarray(RGB), compression="jpeg", quality=95))
    assert np.abs(pixels.astype(int) - RGB).mean() < 4
    palette = np.random.default_rng(0).integers(0, 65536, (3, 256)).astype(np.uint16)
    index = LABELS.astype(np.uint8)
    facts, pixels = shown(tiff(index, photometric="palette", colormap=palette))
    assert facts["colours"] == "palette"
    assert (pixels == (palette >> 8).T[index]).all()
    facts, pixels = shown(by_pillow(Image.fromarray(LABELS > 0)))
    assert (pixels == (LABELS > 0) * 255).all()
    white = tiff(RGB[:, :, 0], photometric="miniswhite")
    assert (shown(white)[1] == 255 - RGB[:, :, 0]).all()
    floats = (NOISE / 1000).astype(np.float32)
    packed = by_pillow(Image.fromarray(floats), compression="tiff_lzw", tiffinfo={317: 3})
    assert (shown(packed)[1] == shown(tiff(floats))[1]).all()
    assert "CMYK" in refused(by_pillow(Image.fromarray(RGB).convert("CMYK")))


def test_a_palette_is_mixed_by_its_colours_and_not_by_its_numbers():
    palette = np.zeros((3, 256), np.uint16)
    palette[0, 0] = palette[1, 100] = palette[2, 50] = 65535
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, 1::2] = 100
    facts, pixels = shown(tiff(stripes, photometric="palette", colormap=palette), longest=32)
    assert (facts["colours"], facts["most"]) == ("palette", "100")
    assert (pixels == (128, 128, 0)).all()


STACK = (np.arange(12)[:, None, None] * 100 + COLUMNS).astype(np.uint16)


#: What Zeiss writes: a structure of which nothing here matters but its tag.
LSM = (34412, 1, 512, bytes(512), True)


def pages(*, compression: str | None = None, small: Any = None, **first: Any) -> bytes:
    """A page of its own for each plane of the stack, of which the first says what they are."""
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        for number, plane in enumerate(STACK):
            said = {} if number else first
            how: dict[str, Any] = {"contiguous": False, "metadata": None}
            writer.write(plane, compression=compression, **how, **said)
            if small is not None:
                writer.write(small, subfiletype=1, **how)
    return out.getvalue()


def metamorph() -> bytes:
    """One page, whose tags tell of as many planes as have an entry."""
    entries = [0, 1, 0, 0, 0, 0] * len(STACK)
    # Entries are of 24 bytes, which the type of the tag does not say.
    tags = [(33628, 4, 2, (9, 9), True), (33629, 5, 3 * len(STACK), entries, True)]
    file = bytearray(tiff(STACK[0], metadata=None, extratags=tags))
    at = file.index(struct.pack("<HHI", 33629, 5, 3 * len(STACK)))
    struct.pack_into("<I", file, at + 4, len(STACK))
    assert file.endswith(STACK[0].tobytes())
    return bytes(file) + STACK[1:].tobytes()


@pytest.mark.parametrize(
    "file",
    [
        tiff(STACK, photometric="minisblack"),
        tiff(STACK, photometric="minisblack", compression="zlib", rowsperstrip=16),
        tiff(STACK.reshape(3, 4, 60, 80), metadata={"axes": "CZYX"}, ome=True, tile=(32, 32)),
        tiff(STACK.reshape(4, 3, 60, 80), imagej=True),
        tiff(STACK, photometric="minisblack", volumetric=True),
        tiff(STACK, volumetric=True, tile=(4, 32, 32), compression="zlib"),
        tiff(STACK[:, ::1], photometric="minisblack", planarconfig="separate"),
        tiff(np.moveaxis(STACK, 0, 2), photometric="minisblack", planarconfig="contig"),
        tiff(np.moveaxis(STACK, 0, 2), planarconfig="contig", compression="zlib", tile=(16, 16)),
        pages(description="state.configName='two photons'"),
        pages(software="SI.LINE_FORMAT_VERSION = 1"),
        pages(compression="zlib", small=STACK[0, ::4, ::4], extratags=[LSM]),
        metamorph(),
        array(STACK),
    ],
    ids=[
        *("pages", "strips", "ome", "imagej", "depth", "depth-tiles", "planar", "channels"),
        *("channels-tiles", "scanimage", "scanimage-2016", "lsm", "metamorph", "npy"),
    ],
)
def test_each_plane_of_a_stack_is_shown_however_they_are_stored(file):
    for plane in (1, 8, 12):
        facts, _ = shown(file, plane)
        assert (facts["plane"], facts["planes"]) == (plane, 12)
        assert (facts["least"], facts["most"]) == (str(plane * 100 - 100), str(plane * 100 - 21))
    assert refused(file, 13) == "it has no plane 13: its planes are 1 to 12"


def test_of_an_image_in_several_sizes_the_smallest_that_is_enough_is_read():
    out = io.BytesIO()
    large = np.zeros((1600, 2000), np.uint8)
    with tifffile.TiffWriter(out) as writer:
        how: dict[str, Any] = {"tile": (64, 64), "compression": "zlib", "photometric": "minisblack"}
        writer.write(large, subifds=2, **how)
        writer.write(large[::4, ::4] + 4, subfiletype=1, **how)
        writer.write(large[::16, ::16] + 16, subfiletype=1, **how)
    facts, pixels = shown(out.getvalue(), longest=300)
    assert (facts["width"], facts["planes"], facts["most"]) == (2000, 1, "4")
    assert pixels.shape == (200, 250)


def test_arrays_are_shown_and_nothing_in_them_is_unpickled():
    assert (shown(array(LABELS))[1] == shown(tiff(LABELS))[1]).all()
    assert (shown(array(np.asfortranarray(LABELS)))[1] == shown(tiff(LABELS))[1]).all()
    assert "no image" in refused(array(np.arange(5)))
    assert refused(array(np.zeros((0, 4, 4)))) == "it has no planes"
    # As imread gives it, and a stack of such.
    for colours in (RGB, np.dstack([RGB, RGB[:, :, 0]]), RGB.astype(">u2")):
        facts, pixels = shown(array(colours))
        assert (facts["colours"], facts["planes"], facts["width"]) == ("rgb", 1, 80)
        assert pixels.shape == colours.shape
        assert colours.itemsize > 1 or (pixels == colours).all()
    facts, pixels = shown(array(np.stack([RGB // 2, RGB])), 2)
    assert (facts["planes"], (pixels == RGB).all()) == (2, True)
    # Floats that are longer than those of Python.
    facts, _ = shown(array(NOISE.astype(np.longdouble) / 1000))
    assert (facts["least"], facts["most"]) == (f"{NOISE.min() / 1000:g}", f"{NOISE.max() / 1000:g}")
    assert 0.1 < float(facts["stretched"][0]) < float(facts["stretched"][1]) < 0.2
    hostile = io.BytesIO()
    np.save(hostile, np.array([[print]], dtype=object), allow_pickle=True)
    assert "no image" in refused(hostile.getvalue())


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"", "it is empty"),
        (b"hello, this is text", "neither a TIFF image nor an array"),
        (b"II*\0", "damaged"),
        (tiff(NOISE)[:20000], r"damaged \(it ends in row 31 of 60\)"),
        (tiff(NOISE, compression="zlib")[:-4000], r"damaged \(it ends early\)"),
        (array(NOISE)[:-1], "damaged"),
        (ifd(b"rubbish", width=9, height=9, rows=9), "damaged"),
        (ifd(b"rubbish", width=9, height=9, rows=9, compression=5), "damaged"),
        (ifd(b"rubbish", width=0, height=9, rows=9), "no pixels|damaged"),
        (ifd(b"", width=40_000, height=40_000, rows=1), r"one plane of it is 1\.6 GB"),
        (ifd(b"x", width=20_000, height=20_000, rows=20_000), "in parts of 400 MB"),
        (ifd(b"x", width=1 << 31, height=1 << 31, rows=1), "one plane of it is 4611"),
        (ifd(b"x", width=9, height=9, rows=9, compression=34933), "takes the package imagecodecs"),
        (by_pillow(Image.fromarray(LABELS > 0), compression="group4"), "compressed with CCITT"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_clause(file, reason):
    if tifffile.tifffile.imagecodecs.__name__ == "imagecodecs" and "imagecodecs" in reason:
        pytest.skip("somebody installed imagecodecs")
    told = refused(file)
    assert re.search(reason, told), told
    assert "\n" not in told
    assert not told.endswith(".")


def test_a_part_is_decompressed_to_no_more_than_it_may_hold():
    packer = zlib.compressobj(1)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(100)) + packer.flush()
    tracemalloc.start()
    try:
        _, pixels = shown(ifd(bomb, width=100, height=100, rows=100))
        assert pixels.shape == (100, 100)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()
    greedy = bytearray(lzma.compress(bytes(10_000), format=lzma.FORMAT_ALONE))
    small = ifd(greedy, width=100, height=100, rows=100, compression=34925)
    assert shown(small)[0]["most"] == "0"
    # Its header asks for as much before it begins.
    struct.pack_into("<I", greedy, 1, 1 << 30)
    told = refused(ifd(greedy, width=100, height=100, rows=100, compression=34925))
    assert told == "it needs more memory than a picture may"


def test_the_reader_is_a_process_of_its_own_and_refuses_with_the_next_step(tmp_path):
    file = tmp_path / "a.tif"
    # In the folder that the server is in, nothing is imported.
    (tmp_path / "numpy.py").write_text("raise SystemExit(3)")
    file.write_bytes(tiff(LABELS.astype(np.uint16)))
    with file.open("rb") as stream:
        picture = draw(stream, "a.tif", patience=120)
    assert (picture.facts["most"], picture.png[:4]) == ("35", b"\x89PNG")
    file.write_bytes(b"no image")
    with file.open("rb") as stream, pytest.raises(InvalidInput) as refusal:
        draw(stream, "a.tif", patience=120)
    assert refusal.value.message == (
        "'a.tif' cannot be shown: it is neither a TIFF image nor an array of numpy."
    )
    assert refusal.value.hint == "Save it to look at it."
    # Nothing ever comes: whoever waits is told, and the process is ended.
    reading, writing = os.pipe()
    told = pytest.raises(InvalidInput, match="drawing it takes longer than")
    with open(reading, "rb") as stream, open(writing, "wb"), told:
        draw(stream, "a.tif", patience=0.5)


def test_a_reader_that_does_not_start_is_no_fault_of_the_image_and_gets_no_secret(
    tmp_path, monkeypatch, caplog
):
    door = tmp_path / "python"
    told = "import numpy\nImportError: libopenblas.so: cannot open"
    door.write_text(f"#!/bin/sh\nenv > '{tmp_path}/environ'\necho '{told}' >&2\nexit 1\n")
    door.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(door))
    monkeypatch.setenv("PM_DATABASE_URL", "postgresql://me:secret@there/pm")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "secret")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/python/lib")
    monkeypatch.setenv("PYTHONPATH", "/opt/site")
    with Path(os.devnull).open("rb") as stream, pytest.raises(InvalidInput) as refusal:
        draw(stream, "a.tif", patience=120)
    assert refusal.value.message == (
        "'a.tif' cannot be shown: its reader ended without a picture (exit 1)."
    )
    assert refusal.value.hint == "The log of the Jupyter server says why."
    assert "'ImportError: libopenblas.so: cannot open'" in caplog.text
    environ = (tmp_path / "environ").read_text()
    assert "secret" not in environ
    assert {"LD_LIBRARY_PATH=/opt/python/lib", "PYTHONPATH=/opt/site"} <= {*environ.splitlines()}


def test_the_reader_leaves_no_core_and_nothing_of_what_an_image_makes_libraries_print(tmp_path):
    file, limits = tmp_path / "a.tif", tmp_path / "limits"
    # tifffile has much to say of a tag that lies nowhere.
    file.write_bytes(tiff(LABELS.astype(np.uint16), extratags=[(33628, 4, 1, 0, True)]))
    code = (
        "import resource, sys; from pathlib import Path; from pm_server.pictures import child\n"
        "child.main()\n"
        "Path(sys.argv[3]).write_text(str(resource.getrlimit(resource.RLIMIT_CORE)))"
    )
    command = [sys.executable, "-c", code, "1", "64", str(limits)]
    with file.open("rb") as stream:
        done = subprocess.run(command, stdin=stream, capture_output=True, timeout=120, check=True)
    assert done.stdout.partition(b"\n")[2].startswith(b"\x89PNG")
    assert done.stderr == b""
    assert limits.read_text() == "(0, 0)"


class Busy:
    """The place in which pictures wait to be drawn, held by hand."""

    def __init__(self) -> None:
        self.waited, self.free = asyncio.Event(), asyncio.Event()

    async def __aenter__(self) -> None:
        self.waited.set()
        await self.free.wait()

    async def __aexit__(self, *error: object) -> None:
        pass


async def test_a_picture_of_an_output_is_asked_for_by_plane(
    bench, life, api, monkeypatch, jp_serverapp, jp_base_url, jp_auth_header, http_server_port
):
    monkeypatch.setattr(drawing, "_PATIENCE", 110)
    Study(bench, life).run("s1")
    final = bench.final(1)
    (final / "tiles").chmod(0o755)
    (final / "tiles" / "labels.ome.tif").write_bytes(tiff(STACK, photometric="minisblack"))
    (final / "tiles" / "cut.tif").write_bytes(tiff(STACK)[:3000])
    found = await api.get("runs/1/picture", path="tiles/labels.ome.tif", plane=3)
    assert (found["plane"], found["planes"], found["least"]) == (3, 12, "200")
    with Image.open(io.BytesIO(base64.b64decode(found["png"]))) as picture:
        assert picture.size == (found["shown_width"], found["shown_height"]) == (80, 60)
    assert (await api.get("runs/1/picture", path="tiles/labels.ome.tif"))["plane"] == 1
    for asked, status, said in (
        ({"path": "tiles/cut.tif"}, 422, "'tiles/cut.tif' cannot be shown: it seems to be damaged"),
        ({"path": "tiles/labels.ome.tif", "plane": 13}, 422, "no plane 13"),
        ({"path": "tiles/labels.ome.tif", "plane": 0}, 422, "'plane' must lie between"),
        ({"path": "table.csv"}, 422, "neither a TIFF image"),
        ({"path": "none.tif"}, 404, "none.tif"),
        ({}, 404, ""),
    ):
        refusal = await api("GET", "runs/1/picture", status=status, **asked)
        assert said in refusal["message"]
    answer = await api.raw("GET", "runs/1/picture", path="tiles/labels.ome.tif")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    # Whoever went away meanwhile gets none, so that others wait for theirs alone.
    services, busy = jp_serverapp.web_app.settings[SERVICES], Busy()
    monkeypatch.setattr(services, "drawing", busy)
    left, started = asyncio.Event(), []
    monkeypatch.setattr(web.RequestHandler, "on_connection_close", lambda handler: left.set())
    run = subprocess.run
    monkeypatch.setattr(
        subprocess, "run", lambda command, **how: started.append(command) or run(command, **how)
    )
    _, writer = await asyncio.open_connection("127.0.0.1", http_server_port[1])
    address = f"{jp_base_url}pm/api/runs/1/picture?path=tiles/labels.ome.tif&plane=5"
    login = f"Authorization: {jp_auth_header['Authorization']}"
    writer.write(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\n{login}\r\n\r\n".encode())
    await asyncio.wait_for(busy.waited.wait(), 60)
    writer.close()
    await asyncio.wait_for(left.wait(), 60)
    busy.free.set()
    assert (await api.get("runs/1/picture", path="tiles/labels.ome.tif", plane=2))["plane"] == 2
    assert [command[-2] for command in started] == ["2"]
