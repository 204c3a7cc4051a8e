"""Build the book: execute the chapters whose outputs do not hold, then write the pages."""

import subprocess
import sys
from pathlib import Path

import chapters
import nbformat

ROOT = chapters.ROOT
EXECUTED = ROOT / "_build" / "executed"  # book/_ext/executed.py shows what lies there


def keep(path, notebook):
    EXECUTED.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, EXECUTED / path.name)


def execute_what_changed():
    """Execute the chapters whose outputs neither the book nor an earlier build holds."""
    stale = []
    for path in chapters.NOTEBOOKS:
        notebook, executed = chapters.read(path), EXECUTED / path.name
        if chapters.holds(notebook):
            executed.unlink(missing_ok=True)
        elif not executed.exists() or not chapters.holds(notebook, chapters.read(executed)):
            stale.append(path)
    chapters.execute_all(stale, keep)


def main():
    execute_what_changed()

    jupyter_book = [Path(sys.executable).with_name("jupyter-book"), "build", "book"]
    files = ["--path-output", ".", "--config", "_config.yml", "--toc", ROOT / "_toc.yml"]
    strict = ["-n", "-W", "--keep-going", "--quiet"]
    if subprocess.run([*jupyter_book, *files, *strict], cwd=ROOT).returncode:
        sys.exit("The book was not built: see the first warning or error above.")

    index = ROOT / "_build" / "html" / "index.html"
    print(f"\nThe book is in {index.parent.relative_to(ROOT)}.")
    print(f"Open {index.as_uri()} in a browser, or run  make serve")


if __name__ == "__main__":
    main()
