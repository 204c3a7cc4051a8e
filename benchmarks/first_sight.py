"""How soon a first visit shows a page: the time until its largest text or image is drawn.

python benchmarks/first_sight.py    (build first: make book)

Every page is opened with an empty cache, from a server on this machine that compresses
as a host does. A busy machine may be slow once, so the best of three visits counts. Aim:
one second. Beside it stands what the visit weighs, compressed and raw.
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
import server  # noqa: E402

AIM = 1.0  # seconds
SIGHT = """() => new Promise(then => {
    new PerformanceObserver(list => then(list.getEntries().at(-1).startTime / 1000))
        .observe({type: "largest-contentful-paint", buffered: true});
})"""
# Compressed on the way, and raw, in MB
WEIGHT = """() => ["navigation", "resource"]
    .flatMap(kind => performance.getEntriesByType(kind))
    .reduce(([sent, raw], { transferSize, decodedBodySize }) =>
        [sent + transferSize / 1e6, raw + decodedBodySize / 1e6], [0, 0])"""


def first_sight(browser, address):
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.goto(address, wait_until="networkidle")
        return page.evaluate(SIGHT), page.evaluate(WEIGHT)


def main():
    names = [path.relative_to(pdf.HTML).as_posix() for path in pdf.HTML.rglob("*.html")]
    names = sorted(name for name in names if not name.startswith("_static"))
    handler = functools.partial(server.Handler, directory=pdf.HTML)
    options = {"executable_path": pdf.require_browser(), "args": ["--no-sandbox"]}
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as host,
        sync_playwright() as playwright,
    ):
        threading.Thread(target=host.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(**options)
        slow = []
        for name in names:
            address = f"http://127.0.0.1:{host.server_port}/{name}"
            seconds, (sent, raw) = min(first_sight(browser, address) for _ in range(3))
            print(f"{seconds:5.2f} s  {sent:4.2f} of {raw:4.2f} MB  {name}", flush=True)
            slow += [name] if seconds > AIM else []
        browser.close()
        host.shutdown()
    if slow:
        sys.exit(f"Later than {AIM:g} s: {', '.join(slow)}")


if __name__ == "__main__":
    main()
