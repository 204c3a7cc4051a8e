"""Draw the still of the playground, for paper and where no script runs.

python tools/playground_picture.py    (after make book; needs Chromium)

The page itself draws it: its first example, after one press of the button.
"""

from pdf import HTML, ROOT, require_browser
from playwright.sync_api import sync_playwright

PICTURE = ROOT / "book" / "_static" / "playground.png"
DONE = """() => {
    const button = document.querySelector("[data-do=train]");
    const { playground } = document.querySelector(".playground");
    return playground.view() && button.textContent === "Train";
}"""


def draw(browser, path):
    window = {"width": 1280, "height": 900}
    page = browser.new_page(viewport=window, device_scale_factor=2, reduced_motion="reduce")
    page.goto((HTML / "playground.html").as_uri())
    page.locator("[data-do=train]").click()
    page.wait_for_function(DONE)
    page.locator(".playground-map").screenshot(path=path)
    page.close()


def main():
    options = {"executable_path": require_browser(), "args": ["--no-sandbox"]}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**options)
        draw(browser, PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
