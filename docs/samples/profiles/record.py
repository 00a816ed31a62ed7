#!/usr/bin/env python3
"""Records networkx.speedscope.json anew: samples networkx_workload.py in an environment of its own.

    python3 docs/samples/profiles/record.py

Needs Python 3.11 with pip and venv. Unlike make.py it runs what it fetches: networkx, NumPy and the sampler py-spy.
"""

import json
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORKLOAD = HERE / "networkx_workload.py"
PROFILE = HERE / "networkx.speedscope.json"
PINNED = ["networkx==3.0", "numpy==2.2.6", "py-spy==0.4.1"]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="eco-coder-profile-") as folder:
        venv.create(folder, with_pip=True)
        programs = Path(folder, "bin")
        run(programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINNED)
        recorded = Path(folder, "recorded.json")
        sampler = [programs / "py-spy", "record", "--rate", "200", "--format", "speedscope", "--output", recorded]
        run(*sampler, "--", programs / "python", WORKLOAD)
        profile = json.loads(recorded.read_text())
    for frame in profile["shared"]["frames"]:
        frame["file"] = without_machine(frame["file"])
    # The name holds the command with its folders, and a process number.
    profile["name"] = WORKLOAD.name
    for thread in profile["profiles"]:
        thread["name"] = "main thread"
    PROFILE.write_text(json.dumps(profile, separators=(",", ":")) + "\n")
    return 0


def without_machine(path: str) -> str:
    """The path from the package or the workload on, without the folders of the machine that ran it."""
    for mark in ("/site-packages/", f"/{HERE.name}/"):
        if mark in path:
            return path.rpartition(mark)[2]
    return re.sub(r"^.*/lib/python3\.\d+/", "python/", path)


def run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, timeout=600)


if __name__ == "__main__":
    sys.exit(main())
