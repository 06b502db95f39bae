"""Keep the whole single nuclei of one field of view."""

from __future__ import annotations

import logging

import helper

log = logging.getLogger("quality_filter")


def run(nuclei: str, output_dir: str = "./output") -> dict[str, float | int | None]:
    logging.basicConfig(level=logging.INFO)
    table = helper.read_nuclei(nuclei)

    kept, rejected = helper.quality_filter(table, min_area=40.0)
    log.info("kept %d of %d nuclei", len(kept), len(table))
    counts = {reason: int((rejected["reason"] == reason).sum()) for reason in helper.REASON_COLOURS}
    log.info("rejected: %s", ", ".join(f"{n} by {reason}" for reason, n in counts.items()))

    helper.save_results(kept, rejected, helper.plot_quality(kept, rejected), output_dir)
    return {
        "n_kept": len(kept),
        "n_rejected": len(rejected),
        "kept_fraction": len(kept) / len(table) if len(table) else None,
        **{f"rejected_by_{reason}": n for reason, n in counts.items()},
    }
