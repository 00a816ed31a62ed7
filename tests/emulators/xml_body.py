"""XML bodies of S3 as dictionaries by the names on the wire."""

import xml.etree.ElementTree as ElementTree

import constraints
import texts


def read(shape, body, found):
    try:
        return value(shape, ElementTree.fromstring(body))
    except ElementTree.ParseError as error:
        found.append(f"the body is not XML: {error}")
        return None


def value(shape, element):
    if shape.type_name == "structure":
        return structure(shape, element)
    if shape.type_name == "list":
        return [value(shape.member, item) for item in element]
    return texts.read(shape, element.text or "")


def structure(shape, element):
    members = {constraints.wire_name(name, member): member for name, member in shape.members.items()}
    read = {}
    for name, text in element.attrib.items():
        read[local(name)] = text
    for child in element:
        name = local(child.tag)
        member = members.get(name)
        if member is None:
            read[name] = child.text
        elif member.type_name == "list" and member.serialization.get("flattened"):
            read.setdefault(name, []).append(value(member.member, child))
        else:
            read[name] = value(member, child)
    return read


def local(name):
    return name.rpartition("}")[2]
