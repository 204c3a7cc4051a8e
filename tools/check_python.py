"""Stop with one sentence if this Python cannot hold the book. Runs on any Python."""

import sys

VERSION = sys.version_info[:2]

if not (3, 10) <= VERSION <= (3, 13):
    sys.exit(
        "This is Python {}.{}, and the book needs 3.10 to 3.13: install one of them and "
        "name it, as in  make book PYTHON=python3.12".format(*VERSION)
    )

try:
    import ensurepip  # noqa: F401
    import venv  # noqa: F401
except ImportError:
    sys.exit(
        "This Python has no venv module: install it, on Debian and Ubuntu with  "
        "apt install python{}.{}-venv".format(*VERSION)
    )
