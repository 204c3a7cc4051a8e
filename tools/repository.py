"""Write the address of the repository wherever the book names it.

python tools/repository.py https://github.com/account/name

The address stands in _config.yml, and with it the buttons of every page, in the first code
cell of every chapter, and wherever else a file mentions it. All are replaced together, so
the book can move again. Nothing but the address changes: outputs stay as they are.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

WANTED = "https://github.com/account/name"
HOST = r"[a-z0-9]+(-+[a-z0-9]+)*(\.[a-z0-9]+(-+[a-z0-9]+)*)+"
NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
# What GitHub takes as the name of an account. YOUR_ACCOUNT, the placeholder, is none.
GITHUB_ACCOUNT = r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*"


def check(address):
    """Return the address as it is to be written, or raise ValueError in one sentence."""
    if "@" in address:  # do not repeat what may be a password
        raise ValueError(f"The address must hold no user name or password, as in {WANTED}")
    bare = re.sub(r"(\.git)?/?\Z", "", address)
    form = f"https://(?P<host>{HOST})/(?P<account>{NAME})/{NAME}"
    parts = re.fullmatch(form, bare)
    if not parts or bare.endswith(".git"):
        raise ValueError(
            f"{address!r} is not the https address of a Git repository, such as {WANTED}"
        )
    if parts["host"] == "github.com" and not re.fullmatch(GITHUB_ACCOUNT, parts["account"]):
        raise ValueError(f"{parts['account']!r} cannot be the name of an account on GitHub")
    return bare


def current(root=ROOT):
    """The address that _config.yml holds."""
    text = (root / "_config.yml").read_text(encoding="utf-8")
    form = r"^repository:\n(?:  .*\n)*?  url: (?:&\w+ )?(\S+)$"
    return re.search(form, text, re.MULTILINE)[1]


def mentions(address):
    """A pattern for the address in a file, but not as a part of a longer name."""
    return re.compile(re.escape(address).encode() + rb"(?:\.git)?(?![\w-]|\.\w)")


def files(root=ROOT):
    """Every file of the repository, also those that are not committed yet."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True)
    paths = {root / name for name in names.stdout.split("\0") if name}
    return sorted(path for path in paths if path.is_file())


def stamp(address, root=ROOT):
    """Write the address everywhere; return the files that changed."""
    pattern = mentions(current(root))
    changed = []
    for path in files(root):
        before = path.read_bytes()
        after = pattern.sub(address.encode(), before)
        if after != before:
            path.write_bytes(after)
            changed.append(path)
    return changed


def main():
    if len(sys.argv) != 2 or not sys.argv[1]:
        sys.exit(f"Say which repository:  make repository URL={WANTED}")
    try:
        address = check(sys.argv[1])
    except ValueError as error:
        sys.exit(str(error))
    try:
        changed = stamp(address)
    except (subprocess.CalledProcessError, FileNotFoundError):
        sys.exit("This needs git, and a clone of the repository.")
    for path in changed:
        print(path.relative_to(ROOT))
    if changed:
        print(f"now name {address}. Commit them, and build the book again.")
    else:
        print(f"Everything names {address} already.")


if __name__ == "__main__":
    main()
