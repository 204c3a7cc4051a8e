"""Make environments like the one that Colab gives a reader, with one framework or both.

They lie under .venvs and hold what the chapters import, without mdn_utils: the first cell
of a chapter must bring it. Their packages are hard links to the files of .venv, so making
one downloads nothing, takes some seconds and hardly any disk.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from importlib.metadata import distribution, version
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".venvs"
WHEELS = HOME / "wheels"

FRAMEWORKS = {
    "tensorflow": ["tensorflow"],
    "pytorch": ["torch"],
    "both": ["tensorflow", "torch"],
}
READERS_PACKAGES = ["numpy", "scipy", "matplotlib", "ipykernel"]

# What stands in for Colab, whose kernel loads google.colab before the first cell runs.
COLAB_CONFIG = 'c.InteractiveShellApp.extensions = ["google.colab"]\n'
COLAB_PACKAGE = "def load_ipython_extension(shell):\n    pass\n"


def closure(names):
    """The distributions of `names` and all that they require, as their metadata say."""
    found = {}
    wanted = [Requirement(name) for name in names]
    while wanted:
        requirement = wanted.pop()
        dist = distribution(requirement.name)
        extras = requirement.extras or {""}
        if found.get(dist.name, set()) >= extras:
            continue
        found[dist.name] = found.get(dist.name, set()) | extras
        for line in dist.requires or []:
            below = Requirement(line)
            if below.marker is None or any(
                below.marker.evaluate({"extra": extra}) for extra in extras | {""}
            ):
                wanted.append(below)
    return [distribution(name) for name in sorted(found)]


def link(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def site_packages(folder):
    major, minor = sys.version_info[:2]
    return folder / "lib" / f"python{major}.{minor}" / "site-packages"


def python(folder):
    return folder / "bin" / "python"


def fill(folder, packages):
    """Put the packages into the fresh environment in `folder`."""
    site = site_packages(folder)
    for dist in closure(packages):
        for file in dist.files:
            source = Path(dist.locate_file(file))
            inside = ".." not in file.parts  # scripts and manuals lie outside
            if inside and source.suffix != ".pyc" and source.is_file():
                link(source, site / file)


def imitate_colab(folder):
    """Give the environment a google.colab, and a kernel that loads it, as Colab's does."""
    config = folder / "etc" / "ipython" / "ipython_config.py"
    config.parent.mkdir(parents=True)
    config.write_text(COLAB_CONFIG)
    package = site_packages(folder) / "google" / "colab" / "__init__.py"
    package.parent.mkdir(parents=True)
    package.write_text(COLAB_PACKAGE)
    install = [
        python(folder),
        "-m",
        "ipykernel",
        "install",
        "--sys-prefix",
        "--name",
        "colab",
    ]
    subprocess.run(install, check=True, capture_output=True)


def fetch_setuptools():
    """Keep the wheel with which pip builds mdn_utils, so that no run asks the network."""
    pin = f"setuptools=={version('setuptools')}"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "download", "--no-deps", "--dest", WHEELS, pin], check=True)


def make(name):
    """Return the folder of the environment `name`, made afresh if the pins have changed."""
    folder = HOME / name
    digest = hashlib.sha256(sys.version.encode())
    for path in [ROOT / "requirements.txt", Path(__file__)]:
        digest.update(path.read_bytes())
    stamp = folder / "made_from.sha256"
    if not stamp.exists() or stamp.read_text() != digest.hexdigest():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        fill(folder, [*READERS_PACKAGES, *FRAMEWORKS[name]])
        imitate_colab(folder)
        fetch_setuptools()
        stamp.write_text(digest.hexdigest())
    return folder


if __name__ == "__main__":
    for name in FRAMEWORKS:
        print(f"{name}: {make(name).relative_to(ROOT)}", flush=True)
