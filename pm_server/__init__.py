"""The Jupyter Server adapter over pm_kernel."""
