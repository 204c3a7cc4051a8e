"""Run every check, two steps at a time, and sum up at the end."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
CHAPTERS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("book/*.ipynb"))
PAGES = ["tests/test_pages.py", "tests/test_reading_aids.py"]
ACCESS = "tests/test_accessibility.py"
COLAB = "tests/test_colab.py"
SPEED = "tests/test_weight.py"
OFFLINE = ["tests/test_pdf.py", "tests/test_archive.py"]

STYLE = "style of code and notebooks"
FORMAT = "format of code and notebooks"
OUTPUTS = "chapters give their stored outputs"
UNITS = "unit tests and doctests"
ENVIRONMENTS = "environments with one framework alone"
TENSORFLOW = "chapters as on Colab, with TensorFlow alone"
PYTORCH = "chapters as on Colab, with PyTorch alone"
BUILD = "the book builds without a warning"
PAPER = "the book as a PDF and as an archive"
BROWSER = "built pages, in a browser"
EVERYONE = "built pages, for everyone"
VISITS = "weight and speed of a first visit"

# In the order in which they start.
STEPS = {
    STYLE: ["ruff", "check"],
    FORMAT: ["ruff", "format", "--check"],
    OUTPUTS: ["pytest", "-p", "keep_executed", "--nbval", *CHAPTERS],
    ENVIRONMENTS: ["python", "tools/environments.py"],
    UNITS: [
        "pytest", "--doctest-modules", "tests", "mdn_utils",
        *(f"--ignore={path}" for path in [*PAGES, ACCESS, COLAB, *OFFLINE, SPEED]),
    ],
    TENSORFLOW: ["pytest", COLAB, "-k", "tensorflow"],
    BUILD: ["python", "tools/build.py"],
    PYTORCH: ["pytest", COLAB, "-k", "not tensorflow"],
    PAPER: ["pytest", *OFFLINE],
    BROWSER: ["pytest", *PAGES],
    EVERYONE: ["pytest", ACCESS, SPEED, "-k", "not quick"],
    VISITS: ["pytest", SPEED, "-k", "quick"],
}  # fmt: skip

# Which steps must be over before one starts.
AFTER = {
    TENSORFLOW: {ENVIRONMENTS},
    PYTORCH: {ENVIRONMENTS},
    BUILD: {OUTPUTS},  # it takes the chapters as nbval has just executed them
    PAPER: {BUILD},
    BROWSER: {BUILD},
    EVERYONE: {BUILD},
    VISITS: STEPS.keys() - {VISITS},  # it measures times, so it runs alone
}

# Two steps share the machine. More threads each would only wait for one another.
ENVIRONMENT = os.environ | {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "PYTHONPATH": os.pathsep.join(
        filter(None, [str(ROOT / "tools"), os.environ.get("PYTHONPATH")])
    ),
}


def run(command):
    """Run one step; return whether it passed, what it printed and how long it took."""
    if command[0] == "pytest":
        command = [*command, "-q", "-rs", "--durations=3"]
    start = time.perf_counter()
    shown = subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return shown.returncode == 0, shown.stdout, time.perf_counter() - start


def run_all(steps, after, workers=2, run=run):
    """Run the steps, so many at a time, and print the output of each in one piece."""
    waiting = list(steps)
    results = {}
    changed = threading.Condition()

    def is_ready(name):
        return after.get(name, set()) <= results.keys()

    def work():
        while True:
            with changed:
                changed.wait_for(lambda: not waiting or any(map(is_ready, waiting)))
                if not waiting:
                    return
                name = next(filter(is_ready, waiting))
                waiting.remove(name)
                print(f"... {name}", flush=True)
            result = run(steps[name])
            with changed:
                results[name] = result
                print(f"\n=== {name} ===\n{result[1]}", flush=True)
                changed.notify_all()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        waiting.clear()  # the steps that run were interrupted as well
        raise
    return {name: results[name] for name in steps}


def main():
    start = time.perf_counter()
    results = run_all(STEPS, AFTER)

    print("\n=== summary ===")
    missing = 0
    for name, (passed, output, seconds) in results.items():
        print(f"{'passed' if passed else 'FAILED'}  {seconds:5.0f} s  {name}")
        for line in output.splitlines():
            if line.startswith("SKIPPED"):
                missing += 1
                print(f"                 not run: {line}")

    failed = sum(not passed for passed, _, _ in results.values())
    in_ci = os.environ.get("CI") == "true"
    if in_ci and missing:
        print("In CI nothing may be missing.")
    minutes = (time.perf_counter() - start) / 60
    print(f"\n{len(results) - failed} passed, {failed} failed, in {minutes:.1f} minutes")
    sys.exit(bool(failed or (in_ci and missing)))


if __name__ == "__main__":
    main()
