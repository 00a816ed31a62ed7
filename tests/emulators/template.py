"""A CloudFormation template, and what its expressions come to."""

import functools
import re

import yaml

ACCOUNT = "123456789012"
PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::URLSuffix": "amazonaws.com",
}
# What stands for no property at all.
NOTHING = object()


class Loader(yaml.SafeLoader):
    """Reads `!Ref x` as `{Ref: x}` and `!If x` as `{Fn::If: x}`."""


def expression(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", expression)


@functools.cache
def read(path):
    """It is not to be changed: whoever reads the same file gets the same document."""
    return yaml.load(path.read_text(), Loader)


class Template:
    def __init__(self, document, deployed):
        """`deployed` gives an attribute of a resource, `Ref` for what `!Ref` means, and may make the resource for it."""
        self.document = document
        self.deployed = deployed

    def resource(self, name):
        """Type and properties."""
        resource = self.document["Resources"][name]
        return resource["Type"], self.value(resource.get("Properties", {}))

    def output(self, name):
        return self.value(self.document["Outputs"][name]["Value"])

    def value(self, node):
        if isinstance(node, list):
            return [value for value in map(self.value, node) if value is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            function, argument = next(iter(node.items()))
            evaluate = FUNCTIONS.get(function)
            if evaluate:
                return evaluate(self, argument)
            if function.startswith("Fn::"):
                raise NotImplementedError(f"{function} in the template")
        values = {name: self.value(value) for name, value in node.items()}
        return {name: value for name, value in values.items() if value is not NOTHING}

    def ref(self, name):
        if name == "AWS::NoValue":
            return NOTHING
        if name in PSEUDO_PARAMETERS:
            return PSEUDO_PARAMETERS[name]
        if name in self.document["Parameters"]:
            return self.document["Parameters"][name].get("Default")
        return self.deployed(name, "Ref")

    def sub(self, text):
        def one(found):
            name, _, attribute = found[1].partition(".")
            return str(self.deployed(name, attribute) if attribute else self.ref(name))

        return re.sub(r"\$\{([^!}][^}]*)\}", one, text)

    def find_in_map(self, path):
        place = self.document["Mappings"]
        for key in path:
            place = place[self.value(key)]
        return place

    def condition(self, name):
        return self.value(self.document["Conditions"][name])

    def equal(self, pair):
        one, other = map(self.value, pair)
        return str(one) == str(other)


FUNCTIONS = {
    "Ref": Template.ref,
    "Condition": Template.condition,
    "Fn::GetAtt": lambda template, path: template.deployed(*path),
    "Fn::Sub": Template.sub,
    "Fn::If": lambda template, choice: template.value(choice[1] if template.condition(choice[0]) else choice[2]),
    "Fn::FindInMap": Template.find_in_map,
    "Fn::Equals": Template.equal,
    "Fn::Not": lambda template, one: not template.value(one[0]),
    "Fn::And": lambda template, all_of: all(map(template.value, all_of)),
    "Fn::Or": lambda template, any_of: any(map(template.value, any_of)),
}
