"""Build the book: execute the chapters that have changed, then write the pages."""

import hashlib
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import chapters
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient.exceptions import CellExecutionError

ROOT = chapters.ROOT
CACHE = ROOT / "_build" / ".jupyter_cache"


def check_frameworks():
    """Stop with one sentence if a framework is missing."""
    for module, name in [("tensorflow", "TensorFlow"), ("torch", "PyTorch")]:
        if find_spec(module) is None:
            sys.exit(f"{name} is missing from this environment: run  make clean book")


def drop_stale_cache():
    """Forget executed chapters if something that they rest on has changed.

    The cache compares the code of a chapter, but a chapter also rests on the package, on
    the data and on the pinned versions.
    """
    digest = hashlib.sha256(sys.version.encode())
    rests_on = [
        *ROOT.glob("mdn_utils/*.*"),
        *ROOT.glob("book/mdn_book/*.*"),
        *ROOT.glob("book/data/*"),
        ROOT / "requirements.txt",
    ]
    for path in sorted(rests_on):
        digest.update(path.read_bytes())

    stamp = CACHE / "rests_on.sha256"
    if not stamp.exists() or stamp.read_text() != digest.hexdigest():
        shutil.rmtree(ROOT / "_build", ignore_errors=True)
        CACHE.mkdir(parents=True)
        stamp.write_text(digest.hexdigest())


def keep(cache, notebook, path, seconds):
    """Put a chapter that was executed in so many seconds into the cache."""
    bundle = CacheBundleIn(notebook, str(path), data={"execution_seconds": seconds})
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def fill_cache():
    """Execute each chapter that the cache does not hold with its run time."""
    cache = get_cache(CACHE)
    for path in chapters.NOTEBOOKS:
        notebook = chapters.read(path)
        try:
            cache.match_cache_notebook(notebook).data["execution_seconds"]
        except KeyError:
            start = time.perf_counter()
            try:
                chapters.execute(notebook, path.stem)
            except CellExecutionError as error:
                sys.exit(f"\n{path.name} was not executed to its end.\n{error}")
            keep(cache, notebook, path, time.perf_counter() - start)


def main():
    check_frameworks()
    drop_stale_cache()
    fill_cache()

    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    command = [
        jupyter_book,
        "build",
        "book",
        "--path-output",
        ".",
        "-n",
        "-W",
        "--keep-going",
    ]
    command += ["--config", "_config.yml", "--toc", ROOT / "_toc.yml", "--quiet"]
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit("The book was not built: see the first warning or error above.")

    index = ROOT / "_build" / "html" / "index.html"
    print(f"\nThe book is in {index.parent.relative_to(ROOT)}.")
    print(f"Open {index.as_uri()} in a browser, or run  make serve")


if __name__ == "__main__":
    main()
