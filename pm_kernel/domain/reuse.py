"""When two runs count as the same: the key under which a completed run is found again.

Same version, same parameters, same input contents. The parameters enter in one of two ways:

- *stated*: by the param set (what was set, else what the code says). Only a run in which every
  stated value is what arrived may be found this way.
- *set*: by the set values alone. The rest came from the same code, so it is the same again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence


def stated_key(version_id: int, param_set_id: int, inputs: Mapping[str, Sequence[str]]) -> str:
    """Return the key by param set; ``inputs`` maps each input to the identities of its contents."""
    return _key(f"version {version_id}", f"param set {param_set_id}", inputs)


def set_key(
    version_id: int, set_params: Mapping[str, str], inputs: Mapping[str, Sequence[str]]
) -> str:
    """Return the key by set values (canonical text) alone."""
    values = "".join(f"{_framed(k)}{_framed(v)}" for k, v in sorted(set_params.items()))
    return _key(f"version {version_id}", f"set {values}", inputs)


def content_identity(checksum: str, label: str | None = None) -> str:
    """Identity of an input's bytes; in a gathered list its label belongs to it."""
    return f"sha256 {checksum}" + ("" if label is None else f" as {_framed(label)}")


def value_identity(text: str, label: str | None = None) -> str:
    """Identity of an input's value, given as canonical text."""
    return f"value {_framed(text)}" + ("" if label is None else f" as {_framed(label)}")


def _key(version: str, params: str, inputs: Mapping[str, Sequence[str]]) -> str:
    parts = [version, params]
    for name in sorted(inputs):
        parts.append(f"input {_framed(name)} {len(inputs[name])}")
        parts.extend(inputs[name])
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _framed(text: str) -> str:
    # Length first: no text can imitate what follows it.
    return f"{len(text)}:{text}"
