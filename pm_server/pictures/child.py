"""The process that draws one picture: ``python -m pm_server.pictures.child PLANE LONGEST``.

It reads the image from its standard input, which is the open file, and writes one line of JSON and
then the PNG file. Whatever an image does to its readers, it does it here, where memory and time are
bounded and nothing else is running.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
from contextlib import suppress
from typing import IO, Any

#: Bytes of address space and seconds of a processor.
_MEMORY = 3 << 30
_SECONDS = 40


def main() -> None:
    """Draw, or say why not."""
    # One thread is enough, and each would reserve memory.
    os.putenv("OPENBLAS_NUM_THREADS", "1")
    limits = (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _SECONDS),
        # A crash leaves no file of all that memory behind.
        (resource.RLIMIT_CORE, 0),
    )
    for kind, most in limits:
        # Not every system can bound the memory; sizes are looked at before anything is read, too.
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))
    answers = os.fdopen(os.dup(1), "wb")
    # What a library prints is no part of the answer.
    os.dup2(2, 1)
    number, longest = map(int, sys.argv[1:3])
    # One that is not there is told of below; why one does not work is printed, and ends it here.
    with suppress(ModuleNotFoundError):
        from PIL import Image

        import pm_server.pictures.tiff  # noqa: F401

        # Sizes are checked before; a plane is larger than Pillow expects of a photo.
        Image.MAX_IMAGE_PIXELS = None
    # From here on an image could make them print without end.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    with os.fdopen(os.dup(0), "rb") as stream:
        facts, png = drawn(stream, number, longest)
    with answers:
        answers.write(json.dumps(facts).encode() + b"\n" + png)


def drawn(stream: IO[bytes], number: int, longest: int) -> tuple[dict[str, Any], bytes]:
    """Return what plane ``number`` of an image is and its PNG file; or why it is ``refused``."""
    try:
        from pm_server.pictures.plane import Unshowable
    except ImportError as error:
        return _without(error), b""
    try:
        return _picture(stream, number, longest)
    except Unshowable as error:
        return {"refused": str(error), "hint": error.hint}, b""
    except ImportError as error:
        return _without(error), b""
    except MemoryError:
        return {"refused": "it needs more memory than a picture may", "hint": None}, b""
    except Exception as error:  # noqa: BLE001 - whatever a damaged file does to its readers
        said = str(error).partition("\n")[0].strip().rstrip(".")
        # What tifffile says of a file is for people; what the others stumble over is not.
        told = f" ({said[:200]})" if type(error).__name__ == "TiffFileError" and said else ""
        return {"refused": f"it seems to be damaged{told}", "hint": None}, b""


def _without(error: ImportError) -> dict[str, Any]:
    hint = "Install research-process-manager again: it brings what it needs."
    return {"refused": f"the package {error.name} is not installed", "hint": hint}


def _picture(stream: IO[bytes], number: int, longest: int) -> tuple[dict[str, Any], bytes]:
    from PIL import Image

    from pm_server.pictures.arrays import MAGIC, array_plane
    from pm_server.pictures.contrast import lit
    from pm_server.pictures.plane import Unshowable
    from pm_server.pictures.shrinking import shrunk
    from pm_server.pictures.tiff import tiff_plane

    head = stream.read(8)
    stream.seek(0)
    if head.startswith(MAGIC):
        plane = array_plane(stream, number)
    elif head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        plane = tiff_plane(stream, number, longest=longest)
    elif not head:
        raise Unshowable("it is empty")
    else:
        raise Unshowable("it is neither a TIFF image nor an array of numpy")
    small = shrunk(plane, longest=longest)
    light = lit(plane, small)
    out = io.BytesIO()
    Image.fromarray(light.pixels).save(out, "PNG")
    values = small.values
    facts = {
        "plane": plane.number,
        "planes": plane.planes,
        "width": plane.width,
        "height": plane.height,
        "bits": plane.bits,
        "numbers": plane.numbers,
        "colours": "labels" if light.labels else plane.colours,
        "shown_width": int(light.pixels.shape[1]),
        "shown_height": int(light.pixels.shape[0]),
        "least": _told(values.least),
        "most": _told(values.most),
        "stretched": light.stretched and [_told(each) for each in light.stretched],
    }
    return facts, out.getvalue()


def _told(value: Any) -> str | None:
    """A value as text: a browser would round large integers."""
    if value is None:
        return None
    plain = value.item() if hasattr(value, "item") else value
    # Of long doubles ``item`` makes no float.
    return str(int(plain)) if isinstance(plain, int) else f"{float(plain):.6g}"


if __name__ == "__main__":
    main()
