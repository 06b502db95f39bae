"""Keep the nuclei of one field whose DNA content lies in the gate."""

from __future__ import annotations

import logging

import helper

log = logging.getLogger("ploidy_gate")


def run(nuclei: str, output_dir: str = "./output") -> dict[str, float | int | None]:
    logging.basicConfig(level=logging.INFO)
    table = helper.read_nuclei(nuclei)

    g1_peak = helper.find_g1_peak(table["haematoxylin_integrated"].to_numpy())
    if g1_peak is None:
        log.warning("%d nuclei are too few for a G0/G1 peak: none is kept", len(table))
    else:
        log.info("G0/G1 peak at %.2f", g1_peak)
    classified = helper.assign_ploidy(table, g1_peak)
    gated = helper.gate_ploidy(classified)
    log.info("%d of %d nuclei inside the gate", len(gated), len(table))

    helper.save_results(gated, helper.plot_dna_histogram(classified, gated), output_dir)
    return {
        "n_gated": len(gated),
        "gated_fraction": len(gated) / len(table) if len(table) else None,
        "g1_peak": g1_peak,
        "n_g1": int((classified["ploidy_class"] == "G0/G1").sum()),
        "n_g2m": int((classified["ploidy_class"] == "G2/M").sum()),
    }
