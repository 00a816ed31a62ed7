"""Prints what the AgentCore starter toolkit would not accept in a .bedrock_agentcore.yaml, or would ignore, a line each."""

import sys
from pathlib import Path

import yaml
from bedrock_agentcore_starter_toolkit.utils.runtime.config import load_config
from bedrock_agentcore_starter_toolkit.utils.runtime.schema import BedrockAgentCoreConfigSchema


def main(path):
    # Otherwise it would ask STS for the account.
    config = load_config(path, autofill_missing_aws=False)
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    agents = raw.pop("agents")
    wrong = unknown(BedrockAgentCoreConfigSchema, raw, "")
    for name, agent in agents.items():
        read = config.get_agent_config(name)
        wrong += unknown(type(read), agent, f"agents.{name}.")
        wrong += read.validate(for_local=False)
    print("\n".join(wrong), end="")


def unknown(model, data, path):
    """The toolkit's models pass over keys that they do not know."""
    found = []
    for key, value in data.items():
        field = model.model_fields.get(key)
        if field is None:
            found.append(f"{path}{key} is not a setting")
            continue
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
        for kind in kinds:
            if hasattr(kind, "model_fields") and isinstance(value, dict):
                found += unknown(kind, value, f"{path}{key}.")
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
