"""The reference of ``mdn_utils``: what autodoc and napoleon do not see to.

TensorFlow writes to stderr on import, whatever one asks for. Where a page of
the reference will import it, it is imported here first, in silence. And Keras
hides the signatures of its classes behind ``*args``; they are brought back.
"""

import os
from importlib import import_module

from sphinx.util.inspect import signature, stringify_signature


def import_quietly(name):
    """Import a module with stderr closed, for C++ code, too."""
    with open(os.devnull, "w") as nothing:
        stderr = os.dup(2)
        os.dup2(nothing.fileno(), 2)
        try:
            import_module(name)
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def before_reading(app, env, names):
    if "reference/tensorflow" in names:
        import_quietly("tensorflow")


def show_signature(app, what, name, obj, options, shown, returns):
    if what == "class" and shown == "(*args, **kwargs)":
        true = signature(obj.__init__, bound_method=True)
        return stringify_signature(true), returns


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.napoleon")
    app.connect("env-before-read-docs", before_reading)
    app.connect("autodoc-process-signature", show_signature)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
