"""Find and measure the nuclei of one field of view."""

from __future__ import annotations

import logging

import helper

log = logging.getLogger("regionprops")


def run(image: str, sample: str, output_dir: str = "./output") -> dict[str, float | int | None]:
    logging.basicConfig(level=logging.INFO)
    rgb = helper.read_field(image)
    log.info("%s: %d x %d pixels", sample, rgb.shape[0], rgb.shape[1])

    haematoxylin, dab = helper.separate_stains(rgb)
    # This scanner's images are sharp: a little more smoothing than usual keeps chromatin together.
    labels = helper.segment_nuclei(haematoxylin, smoothing_sigma=1.2)
    nuclei = helper.measure_nuclei(labels, haematoxylin, dab, sample)
    if nuclei.empty:
        log.warning("%s: no nuclei found", sample)
    else:
        log.info("%s: %d nuclei", sample, len(nuclei))

    helper.save_results(nuclei, labels, helper.draw_overlay(rgb, labels), output_dir)
    return {
        "n_nuclei": len(nuclei),
        "median_area": None if nuclei.empty else float(nuclei["area"].median()),
        "covered_fraction": float((labels > 0).mean()),
    }
