"""Images keep their place free, come only when needed, and are light.

PNGs become WebP. Drawings keep 26 levels of each color, which the eye cannot
tell from 256 there: a quarter of the bytes. Maps, whose colors shade off into
each other, would show false contours; they are compressed like photographs.
"""

import re
from pathlib import Path
from urllib.parse import unquote

from PIL import Image

NEAREST = [round(round(v * 25 / 255) * 255 / 25) for v in range(256)]
IMG = re.compile(r'<img\b[^>]*? src="([^"]*_images/([^"/]+))"[^>]*?/?>')


def size(path):
    if path.suffix == ".svg":
        box = re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', path.read_text())
        return round(float(box[1])), round(float(box[2]))
    with Image.open(path) as image:
        return image.size


def settle(app, pagename, templatename, context, doctree):
    """Say how large each image is, and have all but the first come late."""
    if app.builder.format != "html" or not context.get("body"):
        return
    sources = {name: uri for uri, name in app.builder.images.items()}

    def attributes(found):
        tag, (address, name) = found[0], found.groups()
        width, height = size(Path(app.srcdir, sources[unquote(name)]))
        late = ' loading="lazy"' if found.start() > opening else ""
        tag = re.sub(r' (width|height)="[^"]*"', "", tag)
        tag = tag.replace(address, re.sub(r"\.png$", ".webp", address))
        extra = f' width="{width}" height="{height}" decoding="async"{late}'
        return tag.replace("<img", f"<img{extra}", 1)

    # An image before all cells may be what the reader sees first.
    opening = re.search(r'<img\b|class="cell|$', context["body"]).start()
    context["body"] = IMG.sub(attributes, context["body"])


def is_map(image):
    """Whether many pixels have other colors than the 16 most common ones."""
    counts = sorted(n for n, _ in image.getcolors(image.width * image.height))
    return sum(counts[-16:]) < 0.93 * sum(counts)


def convert(app, exception):
    """Store each PNG as WebP. A name that is a hash is done once."""
    if exception or app.builder.format != "html":
        return
    for path in Path(app.outdir, "_images").glob("*.png"):
        target = path.with_suffix(".webp")
        if not (target.exists() and re.fullmatch(r"[0-9a-f]{64}", path.stem)):
            image = Image.open(path).convert("RGB")
            if is_map(image):
                image.save(target, quality=90, method=6)
            else:
                image.point(3 * NEAREST).save(target, lossless=True)
        path.unlink()


def setup(app):
    app.connect("html-page-context", settle, priority=900)
    app.connect("build-finished", convert)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
