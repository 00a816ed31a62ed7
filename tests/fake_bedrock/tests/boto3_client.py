"""AWS's own client for Python against the fake: what it prints is what it understood.

    python boto3_client.py http://127.0.0.1:1234
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

URL = sys.argv[1]
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
LOOK = {"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object", "properties": {"at": {"type": "string"}}}}}}


def client(service="bedrock-runtime", secret="secret"):
    return boto3.client(
        service,
        endpoint_url=URL,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=20),
    )


def user(*content):
    return {"role": "user", "content": list(content)}


def tools():
    messages = [user({"text": "What is there?"})]
    while True:
        answer = client().converse(modelId=CLAUDE, messages=messages, toolConfig={"tools": [LOOK]})
        message = answer["output"]["message"]
        messages.append(message)
        print(answer["stopReason"], json.dumps(message["content"]), answer["usage"]["inputTokens"])
        uses = [block["toolUse"] for block in message["content"] if "toolUse" in block]
        if not uses:
            return
        messages.append(user(*({"toolResult": {"toolUseId": use["toolUseId"], "content": [{"json": {"seen": "a fox"}}]}} for use in uses)))


def stream():
    answer = client().converse_stream(modelId=CLAUDE, messages=[user({"text": "Go on."})])
    kinds = []
    for event in answer["stream"]:
        [(kind, content)] = event.items()
        kinds.append(kind)
        if kind == "contentBlockDelta":
            kinds[-1] = json.dumps(content["delta"], ensure_ascii=False)
        if kind == "metadata":
            kinds.append(content["usage"]["totalTokens"])
    print(*kinds)


def fails(what, call):
    try:
        call()
        print(what, "did not fail")
    except EventStreamError as error:
        print(what, "EventStreamError", error.response["Error"]["Code"])
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        print(what, type(error).__name__, error.response["Error"]["Code"], status)


def converse(runtime, model=CLAUDE, **rest):
    return runtime.converse(modelId=model, messages=[user({"text": "x"})], **rest)


def listen(runtime):
    for _ in runtime.converse_stream(modelId=CLAUDE, messages=[user({"text": "x"})])["stream"]:
        pass


def legacy():
    titan = "amazon.titan-text-express-v1"
    body = json.dumps({"inputText": "x", "textGenerationConfig": {"maxTokenCount": 5}})
    answer = client().invoke_model(modelId=titan, body=body, contentType="application/json")
    print(json.loads(answer["body"].read())["results"][0]["outputText"])
    answer = client().invoke_model_with_response_stream(modelId=titan, body=body, contentType="application/json")
    parts = [json.loads(event["chunk"]["bytes"]) for event in answer["body"]]
    print([part["outputText"] for part in parts], parts[-1]["amazon-bedrock-invocationMetrics"]["outputTokenCount"])


def lists():
    control = client("bedrock")
    print(len(control.list_foundation_models(byOutputModality="TEXT", byInferenceType="ON_DEMAND")["modelSummaries"]), "models")
    pages = control.get_paginator("list_inference_profiles").paginate(PaginationConfig={"PageSize": 2})
    print([len(page["inferenceProfileSummaries"]) for page in pages], "profiles a page")
    counted = client().count_tokens(modelId=CLAUDE, input={"converse": {"messages": [user({"text": "x" * 400})]}})
    print(counted["inputTokens"], "tokens")


def main():
    tools()
    stream()
    fails("throttled:", lambda: converse(client()))
    fails("throttled in the stream:", lambda: listen(client()))
    fails("parameters:", lambda: converse(client(), inferenceConfig={"temperature": 0.1, "topP": 0.9}))
    fails("blank text:", lambda: client().converse(modelId=CLAUDE, messages=[user({"text": " "})]))
    fails("a wrong secret:", lambda: converse(client(secret="another")))
    legacy()
    lists()


main()
