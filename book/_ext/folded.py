"""Say on a folded cell what is in it: checks, a figure's code, a solution.

A cell that only checks shows how many of its checks passed. That is true, for
the stored outputs are those of a run that went through to the end.
"""

import ast

import nbformat


def checks(source):
    """The number of asserts, where the cell prints and draws nothing."""
    return sum(
        isinstance(node, ast.Assert) for node in ast.walk(ast.parse(source))
    )


def name(cell):
    """What to call a folded cell, or None if it is open."""
    tags = cell.metadata.get("tags", [])
    if "hide-cell" in tags:
        return "Show the solution"
    if "hide-input" not in tags:
        return None
    count = checks(cell.source)
    if count and not cell.outputs:
        return f"\N{CHECK MARK} {count} check{'s' * (count > 1)} passed"
    if "figure" in cell.metadata.get("mystnb", {}):
        return "Show the code of the figure"
    return "Show the code"


def label(app, docname, source):
    if not app.env.doc2path(docname).endswith(".ipynb"):
        return
    notebook = nbformat.reads(source[0], as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code" and (prompt := name(cell)):
            if prompt.endswith("passed"):
                cell.metadata["tags"].append("check")  # one line: aids.css
            shown = cell.metadata.setdefault("mystnb", {})
            shown.setdefault("code_prompt_show", prompt)
            shown.setdefault(
                "code_prompt_hide", prompt.replace("Show", "Hide")
            )
    source[0] = nbformat.writes(notebook)


def setup(app):
    app.connect(
        "source-read", label, priority=600
    )  # after the outputs are in
    return {"parallel_read_safe": True, "parallel_write_safe": True}
