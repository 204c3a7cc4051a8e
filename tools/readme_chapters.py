"""Write the list of chapters in README.md, from _toc.yml and the metadata of the notebooks.

python tools/readme_chapters.py    (`make refresh` runs it)
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "book" / "_ext"))
from chapter_list import read_chapters  # noqa: E402

README = ROOT / "README.md"
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


if __name__ == "__main__":
    README.write_text(renew(README.read_text(encoding="utf-8")), encoding="utf-8")
