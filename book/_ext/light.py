"""Send no byte that no page uses.

When the pages are written, this extension looks at what is in them and

- makes a font of the few icons that they show, out of the 1.9 MB of Font
  Awesome that the theme brings (Font Awesome Free: the icons are CC BY 4.0,
  the fonts SIL OFL 1.1),
- removes from the style sheets of the theme the rules that no page and no
  script can ask for,
- stores figures as WebP. Drawings keep 26 levels of each color, which the
  eye cannot tell from 256 there: a quarter of the bytes of the PNG. Maps,
  whose colors shade off into each other, would show false contours; they are
  compressed like photographs.

The notebooks keep their PNGs. A second build converts only new figures.
"""

import logging
import re
import shutil
from pathlib import Path

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont
from PIL import Image

logging.getLogger("fontTools").setLevel(logging.WARNING)

WORD = re.compile(r"[\w-]+")
CLASS_OR_ID = re.compile(r"[.#](-?[_a-zA-Z][\w-]*)")
NEGATED = re.compile(r":not\([^()]*\)")

ICON_CSS = """\
.{cls} {{
  font-family: "book-icons-{style}";
  font-weight: {weight};
}}
@font-face {{
  font-family: "book-icons-{style}";
  font-weight: {weight};
  font-display: block;
  src: url("icons-{style}.woff") format("woff");
}}
"""
ICON_BASE = """\
/* The icons that the pages show. Made by book/_ext/light.py from
   Font Awesome Free 6 (icons CC BY 4.0, fonts SIL OFL 1.1,
   https://fontawesome.com/license/free). */
.fas, .far, .fab, .fa-solid, .fa-regular, .fa-brands {
  display: inline-block;
  min-width: 1em;
  text-align: center;
  font-style: normal;
  font-variant: normal;
  line-height: 1;
  text-rendering: auto;
  -webkit-font-smoothing: antialiased;
}
.fa-lg { font-size: 1.25em; line-height: 0.05em; vertical-align: -0.075em; }
"""
# style: (file, weight, classes)
ICON_FONTS = {
    "solid": ("fa-solid-900.ttf", 900, ["fas", "fa-solid"]),
    "regular": ("fa-regular-400.ttf", 400, ["far", "fa-regular"]),
    "brands": ("fa-brands-400.ttf", 400, ["fab", "fa-brands"]),
}


def words_of(out):
    """Every word in the pages and in the scripts, so also every class."""
    static = out / "_static"
    skipped = {static / "mathjax", static / "vendor"}
    paths = [*out.rglob("*.html"), *static.rglob("*.js")]
    return {
        word
        for path in paths
        if not skipped & set(path.parents)
        for word in WORD.findall(path.read_text(encoding="utf-8"))
    }


# --- Icons ------------------------------------------------------------------


def make_icons(static, words):
    """Write icons.css, and a font for each style that has icons in use."""
    (awesome,) = (static / "vendor" / "fontawesome").glob("*/css/all.min.css")
    code_of = {
        name: int(code, 16)
        for names, code in re.findall(
            r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"',
            awesome.read_text(encoding="utf-8"),
        )
        for name in re.findall(r"\.(fa-[\w-]+):before", names)
    }
    used = {name: code for name, code in code_of.items() if name in words}

    css = [ICON_BASE]
    for style, (file, weight, classes) in ICON_FONTS.items():
        font = TTFont(awesome.parents[1] / "webfonts" / file)
        codes = set(used.values()) & set(font.getBestCmap())
        if not codes or not set(classes) & words:
            continue
        subsetter = subset.Subsetter()
        subsetter.populate(unicodes=codes)
        subsetter.subset(font)
        font.flavor = "woff"
        font.save(static / f"icons-{style}.woff")
        css.append(
            ICON_CSS.format(
                cls=", .".join(classes), style=style, weight=weight
            )
        )
    css += [
        f'.{name}::before {{ content: "\\{code:x}"; }}\n'
        for name, code in sorted(used.items())
    ]
    (static / "icons.css").write_text("".join(css), encoding="utf-8")
    shutil.rmtree(static / "vendor" / "fontawesome")


# --- Style sheets -----------------------------------------------------------


def can_match(selector, words):
    """Whether all classes and ids of a selector are in use."""
    if "\\" in selector:
        return True
    return all(
        name in words
        for name in CLASS_OR_ID.findall(NEGATED.sub("", selector))
    )


def split_selectors(text):
    """Split at the commas outside of parentheses."""
    return re.split(r",(?![^(]*\))", text)


def prune(rules, words):
    """Return the rules as text, without those that cannot match."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = split_selectors(tinycss2.serialize(rule.prelude))
            selectors = [s.strip() for s in selectors if can_match(s, words)]
            if selectors:
                body = tinycss2.serialize(rule.content).strip()
                kept.append(f"{','.join(selectors)}{{{body}}}")
        elif rule.type == "at-rule" and rule.at_keyword in {
            "media",
            "supports",
        }:
            inner = tinycss2.parse_rule_list(
                rule.content, skip_comments=True, skip_whitespace=True
            )
            text = prune(inner, words)
            if text:
                condition = tinycss2.serialize(rule.prelude).strip()
                kept.append(f"@{rule.at_keyword} {condition}{{{text}}}")
        else:
            kept.append(rule.serialize())
    return "\n".join(kept)


def prune_style_sheets(static, words):
    ours = {static / "book.css", static / "icons.css"}
    for path in static.rglob("*.css"):
        if path not in ours:
            text = path.read_text(encoding="utf-8")
            rules = tinycss2.parse_stylesheet(
                text, skip_comments=True, skip_whitespace=True
            )
            licenses = re.findall(r"/\*!.*?\*/", text, flags=re.DOTALL)
            path.write_text(
                "\n".join([*licenses, prune(rules, words)]), encoding="utf-8"
            )


# --- Figures ----------------------------------------------------------------


def point_at_webp(app, pagename, templatename, context, doctree):
    """Let the page ask for the WebP of each figure."""
    if app.builder.format == "html" and context.get("body"):
        context["body"] = re.sub(
            r'(<img [^>]*src="[^"]*_images/[^"]+)\.png"',
            r'\1.webp"',
            context["body"],
        )


def is_map(image):
    """Whether many pixels have other colors than the 16 most common ones."""
    counts = sorted(n for n, _ in image.getcolors(image.width * image.height))
    return sum(counts[-16:]) < 0.9 * sum(counts)


def convert_figures(folder):
    """Store each PNG as WebP. A name that is a hash is done once."""
    nearest = [round(round(v * 25 / 255) * 255 / 25) for v in range(256)]
    for path in folder.glob("*.png"):
        target = path.with_suffix(".webp")
        if not (target.exists() and re.fullmatch(r"[0-9a-f]{64}", path.stem)):
            with Image.open(path) as opened:
                image = opened.convert("RGB")
            if is_map(image):
                image.save(target, quality=90, method=6)
            else:
                drawing = image.point(3 * nearest)
                drawing.save(target, lossless=True, quality=100)
        path.unlink()


# ----------------------------------------------------------------------------


def notice_static_files(app, env, added, changed, removed):
    """Have a page written if a style sheet is new, else none is copied."""
    page = Path(app.outdir, f"{app.config.root_doc}.html")
    own = Path(app.srcdir, "_static").rglob("*")
    if page.exists() and page.stat().st_mtime < max(
        path.stat().st_mtime for path in own
    ):
        return [app.config.root_doc]
    return []


def lighten(app, exception):
    out = Path(app.outdir)
    # Without a page to write, Sphinx has copied no files either.
    copied = (out / "_static" / "vendor" / "fontawesome").exists()
    if exception is None and app.builder.name == "html" and copied:
        words = words_of(out)
        make_icons(out / "_static", words)
        prune_style_sheets(out / "_static", words)
        convert_figures(out / "_images")
        for scripts_map in (out / "_static").rglob("*.map"):
            scripts_map.unlink()


def setup(app):
    # After pages.py, which measures the figures
    app.connect("html-page-context", point_at_webp, priority=950)
    app.connect("env-get-outdated", notice_static_files)
    app.connect("build-finished", lighten, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
