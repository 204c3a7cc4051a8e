"""What several test files share."""

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")  # no window, whatever the system

# The tools and benchmarks of the repository are scripts, not packages.
for folder in ("tools", "benchmarks"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / folder))
