"""The table, the queues and the bucket of `template.yaml`, under names that nobody else has.

moto has CloudFormation, but leaves out of it what the stories stand on, as the table's time to live; so the template's
properties are given to the services themselves. Only what the outputs name, and what that refers to, is made.
"""

import functools
import json
import pathlib
import threading
import uuid

import boto3

from template import ACCOUNT, Template, read

TEMPLATE = pathlib.Path(__file__).parents[2] / "template.yaml"
OUTPUTS = {
    "table": "Table",
    "bucket": "Bucket",
    "queue_url": "QueueUrl",
    "dead_letter_queue_url": "DeadLetterQueueUrl",
}


# boto3 makes one client at a time.
TURN = threading.Lock()


def make(url):
    with TURN:
        stack = Stack(url)
        return {name: stack.template.output(output) for name, output in OUTPUTS.items()}


class Stack:
    def __init__(self, url):
        self.url = url
        self.name = f"eco-coder-{uuid.uuid4().hex[:12]}"
        self.made = {}
        self.template = Template(read(TEMPLATE), self.attribute)

    def attribute(self, resource, attribute):
        if resource not in self.made:
            kind, properties = self.template.resource(resource)
            service, make_one = MAKERS[kind]
            name = f"{self.name}-{resource}"
            # Whatever a maker does not take is a part of the template that would go untested.
            self.made[resource] = make_one(client(service, self.url), name, **properties)
        return self.made[resource][attribute]


def make_key(kms, name, Description="", KeyPolicy=None, EnableKeyRotation=False):
    key = kms.create_key(Description=Description, Policy=json.dumps(KeyPolicy))["KeyMetadata"]
    if EnableKeyRotation:
        kms.enable_key_rotation(KeyId=key["KeyId"])
    return {"Ref": key["KeyId"], "Arn": key["Arn"]}


def make_queue(sqs, name, **properties):
    attributes = {
        key: json.dumps(value) if isinstance(value, dict) else str(value) for key, value in properties.items()
    }
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return {"Ref": url, "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}", "QueueName": name}


def make_table(dynamodb, name, TimeToLiveSpecification, PointInTimeRecoverySpecification, SSESpecification, **properties):
    encryption = {"Enabled" if key == "SSEEnabled" else key: value for key, value in SSESpecification.items()}
    table = dynamodb.create_table(TableName=name, SSESpecification=encryption, **properties)["TableDescription"]
    dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=TimeToLiveSpecification)
    dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification=PointInTimeRecoverySpecification
    )
    return {"Ref": name, "Arn": table["TableArn"]}


def make_bucket(
    s3,
    name,
    OwnershipControls,
    PublicAccessBlockConfiguration,
    VersioningConfiguration,
    BucketEncryption,
    LifecycleConfiguration,
):
    bucket = name.lower()
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=OwnershipControls)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=PublicAccessBlockConfiguration)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=VersioningConfiguration)
    rules = [encryption_rule(**rule) for rule in BucketEncryption["ServerSideEncryptionConfiguration"]]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    rules = [lifecycle_rule(**rule) for rule in LifecycleConfiguration["Rules"]]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    return {"Ref": bucket, "Arn": f"arn:aws:s3:::{bucket}"}


def encryption_rule(ServerSideEncryptionByDefault, BucketKeyEnabled=False):
    return {
        "ApplyServerSideEncryptionByDefault": ServerSideEncryptionByDefault,
        "BucketKeyEnabled": BucketKeyEnabled,
    }


def lifecycle_rule(Id, Status, Prefix="", Transitions=(), ExpirationInDays=None, **others):
    """CloudFormation's names of a rule's parts as S3 has them."""
    rule = {"ID": Id, "Status": Status, "Filter": {"Prefix": Prefix}, **others}
    if Transitions:
        rule["Transitions"] = [
            {"StorageClass": each["StorageClass"], "Days": each["TransitionInDays"]} for each in Transitions
        ]
    if ExpirationInDays:
        rule["Expiration"] = {"Days": int(ExpirationInDays)}
    return rule


MAKERS = {
    "AWS::KMS::Key": ("kms", make_key),
    "AWS::SQS::Queue": ("sqs", make_queue),
    "AWS::DynamoDB::Table": ("dynamodb", make_table),
    "AWS::S3::Bucket": ("s3", make_bucket),
}


@functools.cache
def client(service, url):
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
    )
