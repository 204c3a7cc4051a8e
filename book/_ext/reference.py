"""The reference of a module: a section for each name in its ``__all__``.

``{reference} mdn_utils.numpy`` stands for one module, and
``{reference} mdn_book.*`` for all public modules of a package.
"""

import contextlib
import os
from importlib import import_module
from pkgutil import iter_modules

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective
from sphinx.util.inspect import isclass, signature, stringify_signature


@contextlib.contextmanager
def quiet():
    """Close stderr, for C++ code, too: TensorFlow writes there on import."""
    stderr = os.dup(2)
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def auto(kind, name, *options):
    lines = [f".. auto{kind}:: {name}", *(f"   :{o}:" for o in options)]
    return ["```{eval-rst}", *lines, "```", ""]


def entries(name, level):
    """MyST for a module: its docstring, then its names as it defines them."""
    with quiet():
        module = import_module(name)
    yield from auto("module", name)
    public = getattr(module, "__all__", [])
    for own in sorted(public, key=list(vars(module)).index):
        thing = getattr(module, own)
        yield from [f"{'#' * level} {own}", ""]
        if isclass(thing):
            # A layer of a framework has a hundred members that are not ours.
            ours = {c.__module__.partition(".")[0] for c in thing.__mro__}
            is_ours = ours <= {name.partition(".")[0], "builtins"}
            options = ["members", "inherited-members"] if is_ours else []
            yield from auto("class", f"{name}.{own}", *options)
        elif callable(thing):
            yield from auto("function", f"{name}.{own}")
        else:
            yield from auto("data", f"{name}.{own}", "no-value")


class Reference(SphinxDirective):
    required_arguments = 1

    def run(self):
        name, of_package, _ = self.arguments[0].partition(".*")
        if of_package:
            lines = []
            for info in iter_modules(
                import_module(name).__path__, f"{name}."
            ):
                if "._" not in info.name:
                    lines += [f"## {info.name}", "", *entries(info.name, 3)]
        else:
            lines = list(entries(name, 2))
        # Into the section of the page: headings would go there in any case.
        page = self.state.document.next_node(nodes.section)
        text = StringList(lines, self.get_source_info()[0])
        self.state.nested_parse(text, 0, page, match_titles=True)
        return []


def show_signature(app, what, name, obj, options, shown, returns):
    """Bring back what Keras hides behind ``*args`` in its classes."""
    if what == "class" and shown == "(*args, **kwargs)":
        true = signature(obj.__init__, bound_method=True)
        return stringify_signature(true), returns


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.napoleon")
    app.add_directive("reference", Reference)
    app.connect("autodoc-process-signature", show_signature)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
