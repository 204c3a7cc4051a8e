"""The list of the chapters on the start page: the directive ``chapters``.

Parts and order come from ``_toc.yml``, the title of a chapter and what it
makes the reader able to do from the metadata of its notebook.
"""

from pathlib import Path
from typing import NamedTuple

import nbformat
import yaml
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
TOC = ROOT / "_toc.yml"


class Chapter(NamedTuple):
    number: int | None  # None in a part that is not numbered
    path: Path
    title: str
    outcome: str


def read_chapters(toc=TOC, book=ROOT / "book"):
    """Return ``{caption: chapters}`` of the parts that hold notebooks."""
    parts, number = {}, 0
    for part in yaml.safe_load(toc.read_text(encoding="utf-8"))["parts"]:
        for entry in part["chapters"]:
            path = book / f"{entry['file']}.ipynb"
            if not path.is_file():
                continue
            number += "numbered" in part
            own = nbformat.read(path, as_version=4).metadata
            for key in ("title", "outcome"):
                if not own.get(key):
                    raise ExtensionError(f"{path.name} lacks the key {key}")
            shown = number if "numbered" in part else None
            chapter = Chapter(shown, path, own["title"], own["outcome"])
            parts.setdefault(part["caption"], []).append(chapter)
    return parts


class Chapters(SphinxDirective):
    """One list for each part, numbered where the part is."""

    def run(self):
        lines = []
        self.env.note_dependency(str(TOC))
        for caption, chapters in read_chapters().items():
            lines += [f"**{caption}**", ""]
            for number, path, title, outcome in chapters:
                self.env.note_dependency(str(path))
                mark = f"{number}." if number else "-"
                indent = " " * (len(mark) + 1)
                lines += [
                    f"{mark} [{title}]({path.name})\\",
                    f"{indent}{outcome[0].upper()}{outcome[1:]}.",
                ]
            lines.append("")
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app):
    app.add_directive("chapters", Chapters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
