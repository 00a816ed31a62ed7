"""A table, a queue with its dead-letter queue and a bucket, under names that nobody else has."""

import functools
import json
import uuid

import boto3


def make(url):
    name = f"eco-coder-{uuid.uuid4().hex[:12]}"
    make_table(client("dynamodb", url), name)
    make_bucket(client("s3", url), name)
    queue_url, dead_letter_queue_url = make_queues(client("sqs", url), name)
    return {
        "table": name,
        "bucket": name,
        "queue_url": queue_url,
        "dead_letter_queue_url": dead_letter_queue_url,
    }


def make_table(dynamodb, name):
    keys = {"pk": "S", "sk": "S", "open": "S", "open_since": "N"}
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": kind} for key, kind in keys.items()
        ],
        KeySchema=key_schema("pk", "sk"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": "open",
                "KeySchema": key_schema("open", "open_since"),
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    dynamodb.update_time_to_live(
        TableName=name,
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"},
    )


def key_schema(partition, sort):
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def make_bucket(s3, name):
    s3.create_bucket(Bucket=name)


def make_queues(sqs, name):
    dead_letter_queue_url = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    attributes = sqs.get_queue_attributes(
        QueueUrl=dead_letter_queue_url, AttributeNames=["QueueArn"]
    )["Attributes"]
    redrive = {"deadLetterTargetArn": attributes["QueueArn"], "maxReceiveCount": 3}
    queue_url = sqs.create_queue(
        QueueName=name, Attributes={"RedrivePolicy": json.dumps(redrive)}
    )["QueueUrl"]
    return queue_url, dead_letter_queue_url


@functools.cache
def client(service, url):
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
    )
