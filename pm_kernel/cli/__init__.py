"""The `pm` command: a thin skin, one file per noun."""
