"""Planes of TIFF files: pages, channels beside each other, and stacks that have one page only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, Literal

import numpy as np
from tifffile import TiffFile, TiffFileError, TiffFrame, TiffPage

from pm_server.pictures.plane import (
    MOST_OF_A_PART,
    PART,
    Block,
    Pixels,
    Plane,
    Unshowable,
    amount,
    checked_number,
    checked_size,
    numbers_of,
)
from pm_server.pictures.segments import BYTES, JPEG, JpegPart, damaged, decompressed, jpeg_decoded

#: Pages that are looked at one by one to tell planes from smaller copies of them; of more, the
#: second tells whether there are any.
_LOOKED_AT = 128
#: How TIFF calls what a value means.
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_MODELS = {
    5: "CMYK",
    8: "CIE L*a*b*",
    9: "ICC L*a*b*",
    10: "ITU L*a*b*",
    32844: "LogL",
    32845: "LogLuv",
}
_OF_A_SENSOR = 32803
#: The predictor that takes floats apart.
_SHUFFLED = 3
#: MetaMorph's tag that has an entry for each plane.
_PLANES_OF_METAMORPH = 33629


def tiff_plane(stream: IO[bytes], number: int, *, longest: int) -> Plane:
    """Return plane ``number`` (from 1) of a TIFF file, to be drawn ``longest`` pixels long.

    Of planes that are in the file in several sizes, the smallest that is large enough is read.
    Raises Unshowable, and what tifffile raises for what is no TIFF file.
    """
    # Never a file beside it, whatever its metadata say; and of ScanImage's the pages that are
    # there, not those that tifffile makes up because they are alike.
    tiff = TiffFile(stream, name="image", _multifile=False, is_scanimage=False)
    first = _page(tiff, 0)
    images = _images_of_one_page(tiff, first)
    pages = [0] if images > 1 else _whole_pages(tiff, first)
    channels = 1 if _colours(first) == "rgb" else first.samplesperpixel
    each = channels * max(1, first.imagedepth)
    planes = len(pages) * each * images
    checked_number(number, planes)
    page = _page(tiff, pages[0 if images > 1 else (number - 1) // each])
    inside = number - 1 if images > 1 else (number - 1) % each
    whole = page
    if images == 1:
        page = _large_enough(tiff, page, longest)
    return _plane_of(tiff, page, inside, whole, number, planes)


def _page(tiff: TiffFile, number: int) -> TiffPage:
    found = tiff.pages[number]
    page = found.aspage()
    if isinstance(found, TiffFrame):
        # A compressed file of Zeiss (LSM) says wrongly how long its parts are: tifffile knows.
        page.dataoffsets, page.databytecounts = found.dataoffsets, found.databytecounts
    return page


def _images_of_one_page(tiff: TiffFile, first: TiffPage) -> int:
    """Return how many images follow each other where only the first has a page.

    ImageJ and MetaMorph write such files.
    """
    if not (tiff.is_imagej or tiff.is_stk) or len(tiff.pages) > 1 or not first.is_final:
        return 1
    if tiff.is_stk:
        entries = first.tags.get(_PLANES_OF_METAMORPH)
        return 1 if entries is None else max(1, entries.count)
    images = (tiff.imagej_metadata or {}).get("images", 1)
    return images if isinstance(images, int) and images > 0 else 1


def _whole_pages(tiff: TiffFile, first: TiffPage) -> list[int]:
    """Return the pages that are no smaller copies of others."""
    count = len(tiff.pages)
    if count == 1 or first.is_reduced:
        return list(range(count))
    if count > _LOOKED_AT and not _page(tiff, 1).is_reduced:
        return list(range(count))
    return [number for number in range(count) if not _page(tiff, number).is_reduced]


def _large_enough(tiff: TiffFile, page: TiffPage, longest: int) -> TiffPage:
    """Return the smallest copy of a page that is still as large as the picture."""
    copies = [page]
    below = page.pages
    if below is not None:
        copies += [each for each in below if isinstance(each, TiffPage)]
    elif len(tiff.pages) <= _LOOKED_AT:
        for number in range(page.index + 1, len(tiff.pages)):
            after = _page(tiff, number)
            if not after.is_reduced:
                break
            copies.append(after)

    def fits(each: Any) -> bool:
        same = isinstance(each, TiffPage) and (
            each.dtype,
            each.samplesperpixel,
            each.photometric,
        ) == (
            page.dtype,
            page.samplesperpixel,
            page.photometric,
        )
        if not same or max(each.imagewidth, each.imagelength) < longest:
            return False
        # Labels and macro pictures of a slide lie beside its copies.
        wide, high = page.imagewidth / each.imagewidth, page.imagelength / each.imagelength
        return bool(abs(wide - high) <= 0.02 * max(wide, high))

    return min(
        (each for each in copies if fits(each)), key=lambda each: each.imagewidth, default=page
    )


def _colours(page: TiffPage) -> Literal["grey", "rgb", "palette"]:
    photometric, samples = int(page.photometric), page.samplesperpixel
    if photometric in (_RGB, _YCBCR) and samples >= 3:
        return "rgb"
    if photometric == _PALETTE and samples == 1 and page.colormap is not None:
        return "palette"
    return "grey"


def _plane_of(
    tiff: TiffFile, page: TiffPage, inside: int, whole: TiffPage, number: int, planes: int
) -> Plane:
    if page.dtype is None:
        raise Unshowable(f"it has {page.bitspersample} bits per sample in a form that is not known")
    photometric = int(page.photometric)
    if photometric in _MODELS:
        raise Unshowable(f"its colours are {_MODELS[photometric]}", "Save it to look at it.")
    if photometric == _OF_A_SENSOR:
        raise Unshowable("it is the raw picture of a camera", "Save it to look at it.")
    if photometric == _YCBCR and int(page.compression) != JPEG:
        raise Unshowable("its colours are YCbCr without JPEG compression", "Save it to look at it.")
    dtype = np.dtype(page.dtype)
    colours = _colours(page)
    samples = min(page.samplesperpixel, 4) if colours == "rgb" else 1
    extra = tuple(int(each) for each in page.extrasamples)
    if samples == 4 and extra[:1] not in ((1,), (2,)):
        samples = 3  # a fourth channel that is not how opaque it is
    checked_size(page.imagewidth, page.imagelength, dtype.itemsize * samples)
    return Plane(
        number=number,
        planes=planes,
        width=whole.imagewidth,
        height=whole.imagelength,
        bits=page.bitspersample,
        numbers=numbers_of(dtype),
        colours=colours,
        samples=samples,
        inverted=photometric == _WHITE_IS_ZERO,
        palette=_palette(page) if colours == "palette" else None,
        read_width=page.imagewidth,
        read_height=page.imagelength,
        blocks=_blocks(tiff, page, inside, samples),
    )


def _palette(page: TiffPage) -> Pixels:
    colours = np.asarray(page.colormap).T
    # 16 bits as they should be, or 8 as some programs write them.
    return (colours >> 8 if colours.max(initial=0) > 255 else colours).astype(np.uint8)


def _blocks(tiff: TiffFile, page: TiffPage, inside: int, samples: int) -> Iterator[Block]:
    return (
        _rows(tiff, page, inside, samples)
        if page.is_final
        else _segments(tiff, page, inside, samples)
    )


def _rows(tiff: TiffFile, page: TiffPage, inside: int, samples: int) -> Iterator[Block]:
    """Yield a plane that lies in the file as it is, some rows at a time."""
    dtype = np.dtype(page.dtype).newbyteorder(tiff.byteorder)
    width, height, depth = page.imagewidth, page.imagelength, max(1, page.imagedepth)
    beside = page.samplesperpixel if page.planarconfig == 1 else 1
    row = width * beside * dtype.itemsize
    start = int(page.dataoffsets[0])
    if samples > 1 and beside == 1:
        # Each colour in a plane of its own.
        firsts = [start + sample * depth * height * row for sample in range(samples)]
        chosen = slice(0, 1)
    else:
        # Planes that follow each other; of channels beside each other, one is shown.
        channels = beside if samples == 1 else 1
        firsts = [start + (inside // channels) * height * row]
        channel = inside % channels
        chosen = slice(0, samples) if samples > 1 else slice(channel, channel + 1)
    rows = max(1, PART // (row * len(firsts)))
    stream = tiff.filehandle
    for top in range(0, height, rows):
        count = min(rows, height - top)
        parts = []
        for begin in firsts:
            stream.seek(begin + top * row)
            data = stream.read(count * row)
            if len(data) < count * row:
                raise damaged(f"it ends in row {top + len(data) // row + 1} of {height}")
            parts.append(np.frombuffer(data, dtype).reshape(count, width, beside)[:, :, chosen])
        yield top, 0, 0, parts[0] if len(parts) == 1 else np.concatenate(parts, axis=2)


def _segments(tiff: TiffFile, page: TiffPage, inside: int, samples: int) -> Iterator[Block]:
    """Yield a plane strip by strip, or tile by tile."""
    compression = int(page.compression)
    apart = page.planarconfig == 2
    per_sample = int(np.prod(page.chunked[1:])) if apart else int(np.prod(page.chunked))
    depth = max(1, page.imagedepth)
    channels = 1 if samples > 1 else page.samplesperpixel
    channel, level = (
        (inside // depth, inside % depth) if apart else (inside % channels, inside // channels)
    )
    wanted = range(samples) if samples > 1 else range(channel, channel + 1)
    decode = _decoder(page, compression)
    count = min(len(page.dataoffsets), len(page.databytecounts))
    for place in range(count):
        sample = place // per_sample if apart else 0
        if apart and sample not in wanted:
            continue
        pixels, (_, above, top, left, _), shape = decode(_raw(tiff, page, place), place)
        if not above <= level < above + shape[0]:
            continue
        height = min(shape[1], page.imagelength - top)
        width = min(shape[2], page.imagewidth - left)
        if pixels is None:
            # Left out by who wrote it: nothing is there.
            part = np.zeros((height, width, shape[3]), page.dtype)
        else:
            part = pixels[level - above, :height, :width]
        if not apart:
            part = part[:, :, :samples] if samples > 1 else part[:, :, channel : channel + 1]
        yield top, left, sample if samples > 1 else 0, part


def _raw(tiff: TiffFile, page: TiffPage, place: int) -> bytes | None:
    offset, size = int(page.dataoffsets[place]), int(page.databytecounts[place])
    if size == 0:
        return None
    if size > MOST_OF_A_PART:
        raise Unshowable(f"a part of it is {amount(size)}, compressed: too large to be read whole")
    tiff.filehandle.seek(offset)
    data = tiff.filehandle.read(size)
    if len(data) < size:
        raise damaged("it ends early")
    return bytes(data)


def _decoder(page: TiffPage, compression: int) -> Any:
    """Return what makes pixels, their place and shape of the bytes of a strip or tile."""
    tall = page.tilelength if page.is_tiled else page.rowsperstrip
    wide = page.tilewidth if page.is_tiled else page.imagewidth
    beside = page.samplesperpixel if page.planarconfig == 1 else 1
    deep = max(1, page.tiledepth) if page.is_tiled else 1
    row = (wide * beside * page.bitspersample + 7) // 8
    if (
        deep * min(tall, page.imagelength + tall if page.is_tiled else page.imagelength) * row
        > MOST_OF_A_PART
    ):
        part, most = amount(deep * tall * row), amount(MOST_OF_A_PART)
        raise Unshowable(f"it is compressed in parts of {part}, and up to {most} are read at once")
    if compression == JPEG and page.bitspersample == 8:
        return _jpeg_decoder(page, beside)
    if compression not in BYTES:
        return _by_imagecodecs(page)
    shuffled = page.predictor == _SHUFFLED and page.bitspersample in (16, 32, 64)
    # From here on tifffile has bytes as they were before they were compressed.
    page.compression = 1
    if shuffled:
        page.predictor = 1
    decode = page.decode
    order = page.parent.byteorder

    def decoded(data: bytes | None, place: int) -> Any:
        try:
            _, _, shape = decode(None, place)
            if data is not None:
                data = decompressed(data, compression, shape[0] * shape[1] * row)
            if data is not None and shuffled:
                data = _unshuffled(data, row, beside, np.dtype(page.dtype).newbyteorder(order))
            return decode(data, place)
        except (ValueError, NotImplementedError, TiffFileError) as error:
            raise _refused(error) from error

    return decoded


def _unshuffled(data: bytes, row: int, beside: int, dtype: np.dtype[Any]) -> bytes:
    """Undo what makes floats compress well: their bytes apart, as differences."""
    steps = np.frombuffer(data, np.uint8).reshape(-1, row // beside, beside)
    apart = np.cumsum(steps, axis=1, dtype=np.uint8).reshape(len(steps), dtype.itemsize, -1)
    floats = np.ascontiguousarray(apart.transpose(0, 2, 1)).view(dtype.newbyteorder(">"))
    return floats.astype(dtype).tobytes()


def _jpeg_decoder(page: TiffPage, beside: int) -> Any:
    page.compression = 1
    decode = page.decode
    tag = page.tags.get(530)
    subsampling = tuple(tag.value) if tag is not None else (2, 2)

    def decoded(data: bytes | None, place: int) -> Any:
        _, where, shape = decode(None, place)
        if data is None:
            return None, where, shape
        part = JpegPart(
            width=shape[2],
            height=shape[1],
            samples=beside,
            photometric=int(page.photometric) if beside > 1 else _BLACK_IS_ZERO,
            subsampling=(int(subsampling[0]), int(subsampling[1])),
            tables=page.jpegtables,
        )
        pixels = np.frombuffer(jpeg_decoded(data, part), np.uint8)
        return pixels.reshape(1, shape[1], shape[2], beside), where, shape

    return decoded


def _by_imagecodecs(page: TiffPage) -> Any:
    decode = page.decode

    def decoded(data: bytes | None, place: int) -> Any:
        try:
            return decode(data, place)
        except (ValueError, NotImplementedError, TiffFileError) as error:
            raise _refused(error) from error

    return decoded


def _refused(error: Exception) -> Unshowable:
    reason = str(error)
    if "known COMPRESSION" in reason:
        return Unshowable(f"it is compressed in a way that is not known ({reason.split()[0]})")
    what = reason.partition(">")[0].partition("<")[2].partition(":")[0]
    kind = what.partition(".")[2].replace("_", " ")
    if what.startswith("COMPRESSION") and reason.endswith("> not supported"):
        return Unshowable(f"its pixels are compressed with {kind}, which this tifffile cannot read")
    if "imagecodecs" not in reason:
        return damaged(reason)
    packed = f"compressed with {kind}" if what.startswith("COMPRESSION") else "packed"
    return Unshowable(
        f"its pixels are {packed}, which takes the package imagecodecs, and that is not installed",
        "Install it beside JupyterLab (pip install imagecodecs), or save the image to look at it.",
    )
