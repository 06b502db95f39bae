"""Positive fraction of all fields of view: the figure of the paper."""

from __future__ import annotations

import logging

import helper

log = logging.getLogger("positive_fraction")


def run(
    tables: list[str], tables_labels: list[str], output_dir: str = "./output"
) -> dict[str, float | int | None]:
    logging.basicConfig(level=logging.INFO)
    counts = helper.count_positive(helper.read_tables(tables), tables_labels)
    for field in counts.itertuples():
        log.info("%s: %d of %d cells are positive", field.sample, field.n_positive, field.n_cells)
        if not field.included:
            log.warning("%s has too few cells for the overall fraction", field.sample)

    summary = helper.bootstrap_fraction(counts)
    overall = summary.iloc[-1]
    log.info(
        "all fields: %.1f %% positive, interval %.1f to %.1f %%",
        100 * overall["positive_fraction"],
        100 * overall["ci_low"],
        100 * overall["ci_high"],
    )

    helper.save_results(summary, helper.plot_fractions(summary), output_dir)
    return {
        "n_fields": int(counts["included"].sum()),
        "n_cells": int(overall["n_cells"]),
        "positive_fraction": float(overall["positive_fraction"]) if overall["n_cells"] else None,
        "ci_low": float(overall["ci_low"]) if overall["n_cells"] else None,
        "ci_high": float(overall["ci_high"]) if overall["n_cells"] else None,
    }
