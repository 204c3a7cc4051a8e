r"""A formula in a docstring is set by MathJax on the pages of the reference.

It is written to be read in Python: ``E[y] = Σ_k π_k μ_k`` becomes
``\mathbb{E}[y] = \sum_{k} π_{k} μ_{k}``. Other literals are code and stay so.
"""

import re

# A sign of mathematics, a condition, or the form of a formula make one; a
# name of the code does not.
FORMULA = re.compile(
    r"[Α-ωϖ√∫⌈]|\w\|\w|^[|{]|^argmax |^(?:E|Var)[(\[]"
    r"|^[a-zA-Z](_n|\(\w\))? = (?!\()"
)
CODE = re.compile(r"->|[a-z]{2,}_")
TOKEN = re.compile(
    r"""_(?P<low>[A-Za-zα-ω\d]+)|(?P<digit>[₀-₉])
    |\^?(?P<raised>[²³¹⁻½ᵀ]+)|\^(?:\((?P<power>[^()]*)\)|(?P<one>\w))
    |√(?:\((?P<under>[^()]*)\)|(?P<root>\w+))
    |(?P<sum>[ΣΠ])(?=(?:_\w+)?\ [^-+=/])
    |(?P<word>[A-Za-z]{2,}(?:10)?)
    |(?P<letter>[A-Za-zα-ω])(?P<number>\d)
    |(?P<set>[NE])(?=[(\[])
    |(?P<sign>1{|<=|[<>]=|[{}~±∂∫⌈⌉|])""",
    re.VERBOSE,
)
RAISED = str.maketrans({**dict(zip("²³¹⁻", "231-", strict=True)), "½": "1/2"})
SIGNS = {"Σ": r"\sum", "Π": r"\prod", "N": r"\mathcal{N}", "E": r"\mathbb{E}"}
SIGNS |= {"<=": r"\le ", ">=": r"\ge ", "~": r"\sim ", "1{": r"\mathbf 1\{"}
SIGNS |= {"±": r"\pm ", "∂": r"\partial ", "∫": r"\int ", "dz": r"\, dz"}
SIGNS |= {"⌈": r"\lceil ", "⌉": r"\rceil ", "{": r"\{", "}": r"\}"}
FUNCTION = re.compile("(log|exp|cos|sin|tanh|det|ln|inf)(10)?")
BREAK = re.compile(r"(?<=,) | (?=[-=+/] )")
TABLE = re.MULTILINE | re.DOTALL
OPERATORS = {"Var", "Cov", "diag", "softmax", "argmax"}


def word(found):
    text, whole = found[0], found.string
    if function := FUNCTION.fullmatch(text):
        return rf"\{function[1]}{'_{10}' * bool(function[2])} "
    if text in OPERATORS:
        return rf"\operatorname{{{text}}}"
    before = r"\ " * whole.startswith(" ", found.start() - 1)
    after = r"\ " * whole.startswith(" ", found.end())
    return SIGNS.get(text) or rf"{before}\text{{{text}}}{after}"


def token(found):
    kind, text = found.lastgroup, found[0]
    inner = found[kind]
    if kind == "low":
        is_word = len(inner) > 3
        return rf"_{{\text{{{inner}}}}}" if is_word else f"_{{{inner}}}"
    if kind == "digit":
        return f"_{ord(text) - ord('₀')}"
    if kind in ("raised", "power", "one"):
        return f"^{{{inner.translate(RAISED)}}}".replace("ᵀ", r"\top ")
    if kind in ("under", "root"):
        return rf"\sqrt{{{tex(inner)}}}"
    if kind == "word":
        return word(found)
    if kind == "number":
        return f"{found['letter']}_{inner}"
    if text == "|":  # a condition inside of brackets, elsewhere a norm
        before = found.string[: found.start()]
        depth = sum((c in "([{") - (c in ")]}") for c in before)
        return r"\mid " if depth else "|"
    return SIGNS[text]


def tex(formula):
    return TOKEN.sub(token, formula)


def pieces(formula, level=0):
    """A formula in parts, between which a line may break.

    A long part breaks within its brackets, too.
    """
    depth = bars = start = 0
    for i, sign in enumerate(formula + " + "):
        depth += (sign in "([{") - (sign in ")]}")
        bars += sign == "|" and depth == 0
        if (
            depth <= level
            and bars % 2 == 0
            and BREAK.match(formula + " + ", i)
        ):
            part = formula[start:i]
            if len(part) > 30 and level == 0:
                yield from pieces(part, level=1)
            else:
                yield part
            start = i + 1


def role(literal):
    """What MathJax will set, or nothing where the literal is code."""
    if CODE.search(literal) or not FORMULA.search(literal):
        return ""
    # {}: a sign of addition keeps its space at the beginning, too.
    parts = (re.sub("^(?=[-+] )", "{}", tex(p)) for p in pieces(literal))
    return " ".join(f":math:`{part.strip()}`" for part in parts)


def replace(text):
    def replaced(found):
        return role(" ".join(found[1].split())) or found[0]

    return re.sub("``(.+?)``", replaced, text, flags=re.DOTALL)


def table(text):
    """A table with formulas in its cells, its columns as wide as they ask."""
    starts = [
        column.start()
        for column in re.finditer("=+", text.partition("\n")[0])
    ]
    spans = list(zip(starts, [*starts[1:], None], strict=True))
    rows = [
        [replace(line[a:b].rstrip()) for a, b in spans]
        for line in text.splitlines()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            (cell[:1] * width if cell[:2] == "==" else cell.ljust(width))
            for cell, width in zip(row, widths, strict=True)
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def set_formulas(app, what, name, obj, options, lines):
    parts = re.split(
        r"(^==+  =.*^==+  =[= ]+$)", "\n".join(lines), flags=TABLE
    )
    parts[::2] = map(replace, parts[::2])
    parts[1::2] = (table(part) for part in parts[1::2])
    lines[:] = "".join(parts).split("\n")


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", set_formulas)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
