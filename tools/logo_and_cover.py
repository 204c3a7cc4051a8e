"""Draw the logo, the favicon and the cover of the book: `python tools/logo_and_cover.py`.

All three are SVGs made of exact curves. Each piece of a curve is a cubic Bézier with the
slope of the function at both ends, so that few points give a smooth line.
"""

import chapters
import numpy as np

from mdn_book import problems

STATIC = chapters.BOOK / "_static"

# The colors of the book's figures, and lighter ones for dark pages
LIGHT = {
    "page": "#ffffff",
    "ink": "#24323b",
    "line": "#5b7f93",
    "fill": "#009e73",
    "parts": ["#0072b2", "#d55e00", "#009e73"],
}
DARK = {
    "page": "#14191d",
    "ink": "#e6eaec",
    "line": "#7fa3b8",
    "fill": "#2fc79b",
    "parts": ["#56b4e9", "#f2894a", "#2fc79b"],
}


def bezier(x, y, slope):
    """A smooth path through the points (x, y), with the given slopes."""
    h = np.diff(x) / 3
    first = y[:-1] + h * slope[:-1]
    second = y[1:] - h * slope[1:]
    pieces = zip(x[:-1] + h, first, x[1:] - h, second, x[1:], y[1:], strict=True)
    return f"M{x[0]:.5g} {y[0]:.5g}C" + " ".join(
        f"{v:.1f}".removesuffix(".0") for piece in pieces for v in piece
    )


def graph(f, x, left, bottom, x_scale, y_scale):
    """The path of the function f over the points x, placed on the drawing."""
    h = 1e-5 * (x[-1] - x[0])
    slope = (f(x + h) - f(x - h)) / (2 * h)
    return bezier(
        left + x_scale * (x - x[0]),
        bottom - y_scale * f(x),
        -slope * y_scale / x_scale,
    )


def svg(width, height, body):
    box = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{body}</svg>\n'


# --- The mark: three Gaussians and their mixture ----------------------------------------

PI = np.array([0.34, 0.40, 0.26])
MU = np.array([-2.0, 0.1, 2.3])
SIGMA = np.array([0.62, 0.78, 0.52])


def component(k):
    def f(y):
        return PI[k] * np.exp(-0.5 * ((y - MU[k]) / SIGMA[k]) ** 2) / SIGMA[k]

    return f


def mixture(y):
    return sum(component(k)(y) for k in range(len(PI)))


def mark(colors, left, bottom, width, height, stroke):
    y = np.linspace(-4.2, 4.2, 37)
    scale = {"x_scale": width / (y[-1] - y[0]), "y_scale": height / mixture(y).max()}
    body = "".join(
        f'<path d="{graph(component(k), y, left, bottom, **scale)}Z" fill="{color}" '
        'fill-opacity=".55"/>'
        for k, color in enumerate(colors["parts"])
    )
    line = graph(mixture, y, left, bottom, **scale)
    return body + (
        f'<path d="{line}" fill="none" stroke="{colors["ink"]}" stroke-width="{stroke}" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    )


def logo(colors):
    return svg(128, 56, mark(colors, 4, 52, 120, 46, 3.4))


def favicon():
    ground = '<rect width="64" height="64" rx="14" fill="#f6f4ee"/>'
    return svg(64, 64, ground + mark(LIGHT, 4, 52, 56, 38, 3.4))


# --- The cover: the exact answer to an inverse problem, input by input ------------------


def cover(colors, width=960, height=370):
    """A ridge for each input: the exact density of the target. Three are filled."""
    problem = problems.SineInverse()
    inputs = np.linspace(7.1, -7.1, 27)
    filled = {6, 13, 20}
    y = np.linspace(-0.999, 0.999, 201)
    margin, top, scale = 20, 84, 12

    body = []
    for i, x in enumerate(inputs):

        def density(y, x=x):
            return problem.pdf(y[:, None], [[x]])

        # Few points where the curve is flat, all of them where it bends
        bends = np.convolve(density(y) > 0.01, np.ones(5), mode="same") > 0
        bends[[0, -1]] = True
        bottom = top + (height - top - 6) * i / (len(inputs) - 1)
        x_scale = (width - 2 * margin) / (y[-1] - y[0])
        path = graph(density, y[bends], margin, bottom, x_scale, scale)
        # Down to the ground at both ends, where the drawing has faded out
        path = f"M{margin} {bottom:.5g}L{path[1:]}L{width - margin} {bottom:.5g}"
        body.append(f'<path d="{path}" fill="{colors["page"]}"/>')
        if i in filled:
            body[-1] = (
                f'<path d="{path}" fill="{colors["page"]}" stroke="none"/>'
                f'<path d="{path}" fill="{colors["fill"]}" fill-opacity=".35" '
                f'stroke="{colors["fill"]}" stroke-width="2.6"/>'
            )
    ends = "".join(
        f'<stop offset="{at}" stop-color="#fff" stop-opacity="{opacity}"/>'
        for at, opacity in [(0.02, 0), (0.12, 1), (0.88, 1), (0.98, 0)]
    )
    return svg(
        width,
        height,
        f'<defs><linearGradient id="e">{ends}</linearGradient>'
        f'<mask id="m"><path fill="url(#e)" d="M0 0H{width}V{height}H0z"/></mask></defs>'
        f'<g mask="url(#m)" stroke="{colors["line"]}" stroke-width="1.2" '
        f'stroke-linejoin="round">{"".join(body)}</g>',
    )


def main():
    drawings = {
        "favicon.svg": favicon(),
        "logo-light.svg": logo(LIGHT),
        "logo-dark.svg": logo(DARK),
        "cover-light.svg": cover(LIGHT),
        "cover-dark.svg": cover(DARK),
    }
    for name, text in drawings.items():
        (STATIC / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
