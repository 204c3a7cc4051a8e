"""Write what README.md takes from the chapters: their list and a picture.

python tools/readme_chapters.py    (`make refresh` runs it)

The list comes from _toc.yml and the metadata of the notebooks, the picture, which the start
page shows, too, from a stored output.
"""

import base64
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "book" / "_ext"))
from chapter_list import read_chapters  # noqa: E402

README = ROOT / "README.md"
PICTURE = ROOT / "book" / "_static" / "stars.png"
BEGIN, END = "<!-- chapters: tools/readme_chapters.py writes them -->", "<!-- /chapters -->"


def table():
    """The chapters as a table; those without a number come last, as appendices."""
    lines = ["| | chapter | after it you can |", "|---|---|---|"]
    for chapters in read_chapters().values():
        for number, path, title, outcome in chapters:
            link = f"[{title}]({path.relative_to(ROOT).as_posix()})"
            lines.append(f"| {number or 'Appendix'} | {link} | {outcome} |")
    return "\n".join(lines)


def renew(text):
    """The text with the table between the two comments as it is to be."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def picture():
    """The PNG of the map of stars, as its chapter stores it."""
    notebook = json.loads((ROOT / "book" / "11_stars.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        figure = cell["metadata"].get("mystnb", {}).get("figure", {})
        if figure.get("name") == "fig-stars-map":
            return base64.b64decode(cell["outputs"][0]["data"]["image/png"])
    raise LookupError("no cell of 11_stars.ipynb is called fig-stars-map")


if __name__ == "__main__":
    PICTURE.write_bytes(picture())
    README.write_text(renew(README.read_text(encoding="utf-8")), encoding="utf-8")
