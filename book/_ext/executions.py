"""On the status page, when each chapter was executed, and for how long."""

import nbformat
from chapter_list import read_chapters
from executed import EXECUTED
from sphinx.util.docutils import SphinxDirective


class Executions(SphinxDirective):
    """Read what stands beside the outputs that the pages show."""

    def run(self):
        self.env.note_reread()
        lines = ["| chapter | executed (UTC) | run time |", "|---|---|---|"]
        for chapters in read_chapters().values():
            for _, path, title, _ in chapters:
                copy = EXECUTED / path.name
                shown = nbformat.read(copy if copy.exists() else path, 4)
                stored = shown.metadata.get("stored", {})
                date, seconds = stored.get("date", ""), stored.get("seconds")
                time = "" if seconds is None else f"{seconds} s"
                lines.append(f"| [{title}]({path.name}) | {date} | {time} |")
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app):
    app.add_directive("executions", Executions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
