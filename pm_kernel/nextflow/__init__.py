"""Nextflow: generated text, its installation, its process."""
