"""The same webhook as a Lambda function in Python: verify, parse, one conditional write, one message, 202."""

import base64
import hashlib
import hmac
import json
import os

import boto3
from botocore.exceptions import ClientError

secret = os.environ["ECO_CODER_WEBHOOK_SECRET"].encode()
allowed = os.environ["ECO_CODER_ALLOW"].removesuffix("*")
table, queue_url = os.environ["ECO_CODER_TABLE"], os.environ["ECO_CODER_QUEUE_URL"]
dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")


def handler(event, context):
    body = event["body"]
    body = base64.b64decode(body) if event["isBase64Encoded"] else body.encode()
    headers = event["headers"]
    expected = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, headers["x-hub-signature-256"]):
        return answer(401, {"error": "the signature is missing or wrong"})
    payload = json.loads(body)
    repository = payload["repository"]
    if not repository["full_name"].startswith(allowed):
        return answer(204, {})
    delivery = headers["x-github-delivery"]
    job = json.dumps({
        "delivery": delivery,
        "repository": repository["full_name"],
        "repo_id": repository["id"],
        "pull_request": payload["number"],
        "head_sha": payload["pull_request"]["head"]["sha"],
        "base_sha": payload["pull_request"]["base"]["sha"],
    })
    key = {"pk": {"S": f"peer#{delivery}"}, "sk": {"S": "job"}}
    try:
        dynamodb.put_item(
            TableName=table,
            Item=key | {"job": {"S": job}},
            ConditionExpression="attribute_not_exists(pk)",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return answer(202, {"status": "duplicate", "delivery": delivery})
    sqs.send_message(QueueUrl=queue_url, MessageBody=job)
    return answer(202, {"status": "queued", "delivery": delivery})


def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
