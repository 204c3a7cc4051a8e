"""Resolve again what the direct dependencies in requirements.txt bring along.

Everything above the marker line is kept as it is; everything below it is replaced.
"""

import re
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements.txt"
MARKER = "# Linux are left out: it pins them itself.\n"
LEFT_OUT = re.compile(r"(nvidia|cuda)-|triton=")


def name(line):
    return re.split(r"[=<>! ;\[]", line, maxsplit=1)[0].lower().replace("_", "-")


direct, _, _ = REQUIREMENTS.read_text().partition(MARKER)
own = {name(line) for line in direct.splitlines() if "==" in line}
command = [Path(sys.executable).with_name("uv"), "pip", "compile", "-", "--universal"]
command += ["--python-version", "3.10", "--no-annotate", "--no-header", "--quiet"]
resolved = subprocess.run(command, input=direct, capture_output=True, text=True, check=True)
brought = [
    s for s in resolved.stdout.splitlines() if name(s) not in own and not LEFT_OUT.match(s)
]
REQUIREMENTS.write_text(direct + MARKER + "\n".join(brought) + "\n")
print(f"{len(own)} direct dependencies bring {len(brought)} pinned lines along")
