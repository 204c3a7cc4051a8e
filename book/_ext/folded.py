"""Say on a folded cell what is in it: checks, a figure's code, a solution.

A cell that only checks shows how many checks passed. That is true, since the
stored outputs are those of a run that went through to the end. A cell whose
metadata say something else (``mystnb: code_prompt_show``) keeps its words.
"""

import ast

import nbformat

NO_CHECK = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def checks(cell):
    """The number of asserts in a cell that does nothing else, or 0."""
    nodes = list(ast.walk(ast.parse(cell.source)))
    if cell.outputs or any(isinstance(node, NO_CHECK) for node in nodes):
        return 0
    return sum(isinstance(node, ast.Assert) for node in nodes)


def prompts(cell):
    """What opens a folded cell, and what closes it."""
    if "hide-cell" in cell.metadata.get("tags", []):
        return "Show the solution", "Hide the solution"
    if count := checks(cell):
        return [f"{count} check{'s' * (count > 1)} passed"] * 2
    figure = " of the figure" * ("figure" in cell.metadata.get("mystnb", {}))
    return f"Show the code{figure}", f"Hide the code{figure}"


def label(app, name, source):
    if not app.env.doc2path(name).endswith(".ipynb"):
        return
    notebook = nbformat.reads(source[0], as_version=4)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if {"hide-input", "hide-cell"}.isdisjoint(tags):
            continue
        shown = cell.metadata.setdefault("mystnb", {})
        if "code_prompt_show" not in shown:
            show, hide = prompts(cell)
            shown.update(code_prompt_show=show, code_prompt_hide=hide)
            if show == hide:
                tags.append("passed")  # for the style sheet
    source[0] = nbformat.writes(notebook)


def setup(app):
    # After the outputs of a new run are in
    app.connect("source-read", label, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
