"""Build the book: execute what has changed, and write the pages to _build/html."""

import hashlib
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / "_build" / ".jupyter_cache"


def check_frameworks():
    """Stop with one sentence if a framework is missing."""
    for module, name in [("tensorflow", "TensorFlow"), ("torch", "PyTorch")]:
        if find_spec(module) is None:
            sys.exit(f"{name} is missing from this environment: run  make clean book")


def drop_stale_cache():
    """Forget executed chapters if something they rest on has changed.

    The cache knows the code of the chapters only. They also depend on the package, the data
    and the pinned versions.
    """
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted([*ROOT.glob("mdn_utils/*"), *ROOT.glob("book/data/*")]):
        if path.is_file():
            digest.update(path.read_bytes())
    digest.update((ROOT / "requirements.txt").read_bytes())

    stamp = CACHE / "rests_on.sha256"
    if not stamp.exists() or stamp.read_text() != digest.hexdigest():
        shutil.rmtree(CACHE, ignore_errors=True)
        # Pages read from pickled documents would show the old outputs.
        shutil.rmtree(ROOT / "_build" / ".doctrees", ignore_errors=True)
        CACHE.mkdir(parents=True)
        stamp.write_text(digest.hexdigest())


def main():
    check_frameworks()
    drop_stale_cache()
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
    command += ["--config", "_config.yml", "--toc", ROOT / "_toc.yml"]
    result = subprocess.run(command, cwd=ROOT)
    if result.returncode:
        sys.exit("The book was not built: see the first warning or error above.")

    index = ROOT / "_build" / "html" / "index.html"
    print(f"\nThe book is in {index.parent.relative_to(ROOT)}.")
    print(f"Open {index.as_uri()} in a browser, or run  make serve")


if __name__ == "__main__":
    main()
