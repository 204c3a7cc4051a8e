"""Run every check, the quick ones first, and sum up at the end."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
CHAPTERS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("book/*.ipynb"))
PAGES = ["tests/test_pages.py", "tests/test_reading_aids.py"]
TRACKS = "tests/test_tracks.py"

STEPS = {
    "style of code and notebooks": ["ruff", "check"],
    "format of code and notebooks": ["ruff", "format", "--check"],
    "unit tests and doctests": [
        "pytest", "--doctest-modules", "tests", "mdn_utils",
        *(f"--ignore={path}" for path in [*PAGES, TRACKS]),
    ],
    "chapters give their stored outputs": ["pytest", "--nbval", *CHAPTERS],
    "each track without the other framework": ["pytest", TRACKS],
    "the book builds without a warning": ["python", "tools/build.py"],
    "built pages, in a browser": ["pytest", *PAGES],
}  # fmt: skip


def run(command):
    """Run one step; return whether it passed and what it skipped."""
    if command[0] == "pytest":
        command = [*command, "-q", "-rs", "--durations=3"]
    process = subprocess.Popen(
        [BIN / command[0], *command[1:]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    skipped = []
    for line in process.stdout:
        print(line, end="", flush=True)
        if line.startswith("SKIPPED"):
            skipped.append(line.strip())
    return process.wait() == 0, skipped


def main():
    results = {}
    for name, command in STEPS.items():
        print(f"\n=== {name} ===", flush=True)
        start = time.perf_counter()
        passed, skipped = run(command)
        results[name] = passed, skipped, time.perf_counter() - start

    print("\n=== summary ===")
    for name, (passed, skipped, seconds) in results.items():
        print(f"{'passed' if passed else 'FAILED'}  {seconds:5.0f} s  {name}")
        for line in skipped:
            print(f"                 not run: {line}")

    failed = sum(not passed for passed, _, _ in results.values())
    missing = sum(bool(skipped) for _, skipped, _ in results.values())
    in_ci = os.environ.get("CI") == "true"
    if in_ci and missing:
        print("In CI nothing may be missing.")
    print(f"\n{len(results) - failed} passed, {failed} failed")
    sys.exit(bool(failed or (in_ci and missing)))


if __name__ == "__main__":
    main()
