"""Invokes a server as `agentcore invoke --local` does: through the starter toolkit's own client."""

import json
import sys

from bedrock_agentcore_starter_toolkit.services.runtime import LocalBedrockAgentCoreClient

address, text = sys.argv[1:]
client = LocalBedrockAgentCoreClient(f"http://{address}")
client.invoke_endpoint(
    "session-of-the-toolkit-0123456789-0123",
    json.dumps({"inputText": text}),
    "a workload token",
    "http://127.0.0.1/callback",
    {},
)
