"""Call the DAB-positive cells of one field of view."""

from __future__ import annotations

import logging

import helper

log = logging.getLogger("label_positive")


def run(
    nuclei: str, labels: str, image: str, output_dir: str = "./output"
) -> dict[str, float | int | None]:
    logging.basicConfig(level=logging.INFO)
    table, label_image, rgb = helper.read_inputs(nuclei, labels, image)

    cells = helper.measure_dab_ring(table, label_image, rgb)
    cells = helper.label_positive(cells)
    n_positive = int(cells["positive"].sum())
    log.info("%d of %d cells are positive", n_positive, len(cells))

    helper.save_results(cells, helper.draw_overlay(rgb, label_image, cells), output_dir)
    return {
        "n_cells": len(cells),
        "n_positive": n_positive,
        "positive_fraction": n_positive / len(cells) if len(cells) else None,
    }
