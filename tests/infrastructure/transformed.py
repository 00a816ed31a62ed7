"""Prints template.yaml as CloudFormation gets it, after SAM's transformation, as JSON."""

import json
import logging
import os
import sys

os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
logging.disable(logging.CRITICAL)

from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

# What is packaged stands in the template as an address by then.
PACKAGED = {
    "CodeUri": "s3://artifacts/bootstrap.zip",
    "ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/eco-coder:worker",
}


class ManagedPolicies:
    """The only one that SAM asks for, without asking IAM."""

    def load(self):
        return {}


def main(path):
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    for resource in template["Resources"].values():
        for name, address in PACKAGED.items():
            if resource["Type"] == "AWS::Serverless::Function" and name in resource["Properties"]:
                resource["Properties"][name] = address
    json.dump(transform(template, {}, ManagedPolicies()), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
