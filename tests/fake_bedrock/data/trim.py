"""Cuts the models of Bedrock's APIs, as botocore (Apache License 2.0) carries them, down to the operations that the fake answers.

    python trim.py      # any Python that can import botocore; writes bedrock_runtime.json and bedrock.json beside itself
"""

import json
import pathlib

import botocore
from botocore.loaders import Loader

KEPT = {
    "bedrock-runtime": ["Converse", "ConverseStream", "CountTokens", "InvokeModel", "InvokeModelWithResponseStream"],
    "bedrock": ["ListFoundationModels", "ListInferenceProfiles"],
}
# What tells people and clients something, and a server nothing.
LEFT_OUT = {"documentation", "sensitive", "box", "name"}


def main():
    for service, operations in KEPT.items():
        model = Loader().load_service_model(service, "service-2")
        text = json.dumps(trimmed(model, operations), separators=(",", ":"))
        # A shape a line, so that a newer model differs where it differs.
        text = text.replace('},"', '},\n"').replace('{"', '{\n"', 1)
        path = pathlib.Path(__file__).parent / f"{service.replace('-', '_')}.json"
        path.write_text(text + "\n")


def trimmed(model, operations):
    found = {}
    for name in operations:
        operation = model["operations"][name]
        for shape in [operation["input"], operation["output"], *operation.get("errors", [])]:
            collect(model, shape["shape"], found)
    return {
        "source": f"botocore {botocore.__version__}, {model['metadata']['uid']}, Apache License 2.0",
        "operations": {name: bare(model["operations"][name]) for name in operations},
        "shapes": {name: bare(found[name]) for name in sorted(found)},
    }


def collect(model, name, found):
    if name in found:
        return
    shape = found[name] = model["shapes"][name]
    parts = [*shape.get("members", {}).values(), *(shape[part] for part in ("member", "key", "value") if part in shape)]
    for part in parts:
        collect(model, part["shape"], found)


def bare(value):
    """A member of a structure may bear the name of what is left out, so what lies in `members` keeps its names."""
    if isinstance(value, list):
        return [bare(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, item in value.items():
        if name == "members":
            kept[name] = {member: bare(shape) for member, shape in item.items()}
        elif name not in LEFT_OUT:
            kept[name] = bare(item)
    return kept


if __name__ == "__main__":
    main()
