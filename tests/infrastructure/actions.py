"""Reads actions of IAM, a line each, and prints as JSON what resources each may be limited to; null where AWS has no such action.

The knowledge is cfn-lint's copy of AWS's service authorization reference.
"""

import importlib.resources
import json
import sys


def main():
    data = importlib.resources.files("cfnlint.data.AdditionalSpecs") / "Policies.json"
    services = json.loads(data.read_text(encoding="utf-8"))
    json.dump({action: resources(services, action) for action in sys.stdin.read().split()}, sys.stdout)


def resources(services, action):
    service, _, name = action.partition(":")
    actions = services.get(service, {}).get("Actions", {})
    known = {known.lower(): types for known, types in actions.items()}.get(name.lower())
    return None if known is None else known.get("Resources", [])


if __name__ == "__main__":
    main()
