"""The ``.gitignore`` of a new methods repository: code and settings in, data and results out."""

from __future__ import annotations

GITIGNORE = """\
# Code and its environment belong here. Data and results do not: they are inputs, and outputs of
# runs. A file that a method needs although it is listed here: git add -f FILE.

# Data
data/
*.tif
*.tiff
*.zarr/
*.czi
*.nd2
*.lif
*.h5
*.hdf5
*.h5ad
*.npy
*.npz
*.parquet
*.feather

# Models
*.joblib
*.pkl
*.pickle
*.pt
*.pth
*.onnx
*.ckpt

# Archives
*.zip
*.tar
*.gz
*.7z

# Caches and environments
__pycache__/
*.py[cod]
.pixi/
.venv/
venv/
.ipynb_checkpoints/
.mypy_cache/
.ruff_cache/
.pytest_cache/
.DS_Store
"""
