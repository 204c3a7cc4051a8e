"""How soon a first visit shows a page: the time until its largest text or image is drawn.

python benchmarks/first_sight.py    (build first: make book)

Every page is opened with an empty cache, from a server on this machine that compresses
nothing. A busy machine may be slow once, so the best of three visits counts. Aim: one
second.
"""

import functools
import http.server
import sys
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tools"))
import pdf  # noqa: E402

AIM = 1.0  # seconds
SIGHT = """() => new Promise(then => {
    new PerformanceObserver(list => then(list.getEntries().at(-1).startTime / 1000))
        .observe({type: "largest-contentful-paint", buffered: true});
})"""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def first_sight(browser, address):
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.goto(address, wait_until="networkidle")
        return page.evaluate(SIGHT)


def main():
    names = [path.relative_to(pdf.HTML).as_posix() for path in pdf.HTML.rglob("*.html")]
    names = sorted(name for name in names if not name.startswith("_static"))
    handler = functools.partial(QuietHandler, directory=pdf.HTML)
    options = {"executable_path": pdf.require_browser(), "args": ["--no-sandbox"]}
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        sync_playwright() as playwright,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(**options)
        slow = []
        for name in names:
            address = f"http://127.0.0.1:{server.server_port}/{name}"
            seconds = min(first_sight(browser, address) for _ in range(3))
            print(f"{seconds:5.2f} s  {name}", flush=True)
            slow += [name] if seconds > AIM else []
        browser.close()
        server.shutdown()
    if slow:
        sys.exit(f"Later than {AIM:g} s: {', '.join(slow)}")


if __name__ == "__main__":
    main()
