"""Pack the built pages into one archive that reads offline, from any folder."""

import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"
ARCHIVE = ROOT / "_build" / "mixture-density-networks-html.zip"

# For Sphinx alone. What is in _sources stays: the pages offer it for download.
LEFT_OUT = {".buildinfo", ".buildinfo.bak", "objects.inv"}


def files():
    """Every file of the book that a reader can ask for."""
    for path in sorted(HTML.rglob("*")):
        if path.is_file() and path.name not in LEFT_OUT:
            yield path


def make():
    """Write the archive, with all files in one folder; return its path."""
    with zipfile.ZipFile(ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files():
            archive.write(path, Path(ARCHIVE.stem) / path.relative_to(HTML))
    return ARCHIVE


if __name__ == "__main__":
    path = make()
    size = path.stat().st_size / 1e6
    print(f"\nThe pages are in {path.relative_to(ROOT)}, {size:.1f} MB.")
    print("Unpack it anywhere and open index.html in a browser.")
