"""Prints what a JSON Schema says against a document on standard input, a line each; nothing where it is valid."""

import json
import sys
from pathlib import Path

from jsonschema.validators import validator_for


def main(path):
    schema = json.loads(path.read_text(encoding="utf-8"))
    validator = validator_for(schema)
    validator.check_schema(schema)
    for error in validator(schema).iter_errors(json.load(sys.stdin)):
        print(f"{error.json_path}: {error.message}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
