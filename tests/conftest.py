"""What several test files share."""

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")  # no window, whatever the system

# The tools of the repository are scripts, not a package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
