"""Make the folder to publish: the built pages, which also offer the PDF and the archive.

Make those two first. They are offered here alone, so that no other page has a link that
leads nowhere.
"""

import shutil

import archive
import pdf
from bs4 import BeautifulSoup

SITE = pdf.ROOT / "_build" / "site"
OFFER = """\
<p>To read the book on paper or without a network, download it <a href="{pdf.name}">as one
PDF</a> ({pdf_size:.0f} MB) or <a href="{pages.name}">as an archive of its pages</a>
({pages_size:.0f} MB).</p>
"""


def make():
    """Copy the pages and the files to download, and put an offer on the start page."""
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.copytree(pdf.HTML, SITE)
    files = {"pdf": pdf.path_for("both"), "pages": archive.ARCHIVE}
    for file in files.values():
        shutil.copy(file, SITE)

    sizes = {f"{name}_size": file.stat().st_size / 1e6 for name, file in files.items()}
    start = SITE / "index.html"
    page = BeautifulSoup(start.read_text(encoding="utf-8"), "html.parser")
    offer = BeautifulSoup(OFFER.format(**files, **sizes), "html.parser")
    page.article.select_one("section > section").insert_before(offer)
    start.write_text(str(page), encoding="utf-8")
    return SITE


if __name__ == "__main__":
    print(f"\nThe site to publish is in {make().relative_to(pdf.ROOT)}.")
