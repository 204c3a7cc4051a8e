"""Write into the book where it lies: its address on GitHub, and its branch or tag.

python tools/repository.py [ADDRESS] [REF]    what is empty stays as it is

The buttons of the pages come from _config.yml, and on Colab the first code cell of each
notebook installs from there. A tag, such as v0.2.0, is written as the version, too.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACEHOLDER = "https://github.com/YOUR_ACCOUNT/mixture-density-networks"  # no legal name
ADDRESS = r"https://github\.com/[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*/[a-zA-Z0-9._-]*[a-zA-Z0-9_-]"
REF = r"main|v[0-9]+\.[0-9]+\.[0-9]+"

CELL = """\
# On Colab, install the book's packages. Elsewhere this does nothing.
import sys

if "google.colab" in sys.modules:
"""
INSTALL = """\
    book = "{}"
    %pip install --quiet --no-deps git+{{book}}@{}"""
MISSING = """\
    print("mdn_utils is missing: this copy has no address on GitHub yet.")"""


def colab_cell(address, ref):
    """The first code cell of each notebook."""
    return CELL + (MISSING if address == PLACEHOLDER else INSTALL.format(address, ref))


def current(root=ROOT):
    """The address, and the branch or tag, as _config.yml has them."""
    text = (root / "_config.yml").read_text(encoding="utf-8")
    return tuple(re.search(rf"{key} (\S+)", text)[1] for key in ("&address", "_branch:"))


def replace(path, pattern, value):
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(pattern, value, text), encoding="utf-8")


def stamp(address, ref, root=ROOT):
    """Write both wherever they stand, and change nothing else."""
    replace(root / "_config.yml", r"(?<=url: &address )\S+", address)
    replace(root / "_config.yml", r"(?<=repository_branch: )\S+", ref)
    replace(root / "CITATION.cff", r"(?<=repository-code: )\S+", address)
    if ref != "main":
        replace(root / "CITATION.cff", r'(?<=\nversion: ")[^"]+', ref[1:])
        replace(root / "mdn_utils/__init__.py", r'(?<=__version__ = ")[^"]+', ref[1:])
    for path in root.glob("book/*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        first = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
        first["source"] = colab_cell(address, ref).splitlines(keepends=True)
        text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)
        path.write_text(text + "\n", encoding="utf-8")  # as nbformat writes it


def main(address="", ref=""):
    address = address.removesuffix("/").removesuffix(".git") or current()[0]
    ref = ref or current()[1]
    if address != PLACEHOLDER and not re.fullmatch(ADDRESS, address):
        sys.exit("The address has the form https://github.com/account/name")
    if not re.fullmatch(REF, ref):
        sys.exit("The book is published from the branch main or a tag such as v0.2.0")
    if address == PLACEHOLDER and ref != "main":
        sys.exit("A release needs an address: make repository URL=https://github.com/...")
    stamp(address, ref)
    print(f"The book lies at {address}, {ref}.")


if __name__ == "__main__":
    main(*sys.argv[1:])
