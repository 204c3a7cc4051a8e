"""The dream of chapter 14, to play in the page: no kernel, no network."""

import base64
import json
from importlib.resources import files

import numpy as np

__all__ = ["page"]

PAGE = """\
<style>
.dream-player {{ max-width: 30rem; margin: 1rem auto; font-size: .95em }}
.dream-pictures {{ display: flex; gap: 1.5rem; justify-content: center }}
.dream-pictures figure {{ margin: 0; flex: 1; text-align: center }}
.dream-pictures canvas {{ width: 100%; max-width: 12rem; image-rendering: pixelated }}
.dream-pictures figcaption {{ color: inherit; text-align: center }}
.dream-controls {{ display: flex; flex-wrap: wrap; gap: .5rem; justify-content: center;
  align-items: center; margin: .5rem 0 }}
.dream-controls button {{ min-width: 4.5rem; min-height: 2.75rem; font: inherit;
  color: inherit; background: none; border: 1px solid; border-radius: .4rem }}
.dream-says {{ display: block; text-align: center; min-height: 3em }}
.dream-player table {{ margin: .5rem auto; font-size: .9em }}
.dream-player :is(th, td) {{ padding: .15rem .75rem; text-align: right }}
.dream-player tbody th {{ text-align: left; font-weight: normal }}
</style>
<div class="dream-player" role="group" aria-label="The tunnel, to play">
<div class="dream-pictures">
<figure><canvas class="dream-dreamed" width="210" height="150" role="img"
 aria-label="The dream of M">The dream of M</canvas><figcaption>dream</figcaption></figure>
<figure><canvas class="dream-real" width="210" height="150" role="img"
 aria-label="The tunnel itself">The tunnel itself</canvas><figcaption>world</figcaption>
</figure></div>
<div class="dream-controls">
<button type="button" data-turn="-1">left</button>
<button type="button" data-turn="0">stay</button>
<button type="button" data-turn="1">right</button>
<button type="button" class="dream-again">again</button></div>
<div class="dream-controls"><label>temperature τ of the dream
 <input class="dream-tau" type="range" min="0.1" max="1.5" step="0.05" value="1"></label>
 <span class="dream-tau-value" aria-hidden="true">1.00</span></div>
<output class="dream-says"></output>
<table><thead><tr><th scope="col">steps survived</th><th scope="col">dream</th>
<th scope="col">world</th></tr></thead><tbody>
<tr><th scope="row" class="dream-you">you</th><td>&ndash;</td><td>&ndash;</td></tr>
{rows}</tbody></table>
<noscript>The figure needs scripts. The text says what happens in it.</noscript>
<script type="application/json">{data}</script>
</div>
<script>
{script}
</script>
"""


def packed(model):
    """The model as JSON: each array in half precision, base64."""
    halves = {name: np.float16(a).tobytes() for name, a in model.items()}
    return json.dumps({name: base64.b64encode(a).decode() for name, a in halves.items()})


def page(model, scores):
    """HTML in which ``model``, a dictionary as in `mdn_book.dream`, can be played.

    ``scores`` are those to compare with: names, and steps in the dream and the world.
    """
    script = (files("mdn_book") / "dream_player.js").read_text(encoding="utf-8")
    rows = ""
    for name, steps in scores.items():
        cells = ("&ndash;" if s is None else f"{s:.1f}" for s in steps)
        rows += f'<tr><th scope="row">{name}</th><td>{"</td><td>".join(cells)}</td></tr>\n'
    return PAGE.format(data=packed(model), script=script, rows=rows)
