"""What is wrong with a request, by the model of the operation that it asks for."""

import json

from botocore.model import StructureShape

import constraints
import texts
import xml_body
from operations import OPERATION_PARAMETER

# Headers that are signing, transport or telemetry, and no operation's input.
GENERAL_HEADERS = {
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-security-token",
    "x-amz-target",
    "x-amz-trailer",
    "x-amz-user-agent",
    "x-amzn-query-mode",
    "x-amzn-trace-id",
}


def faults(operation, request):
    shape = operation.model.input_shape or StructureShape("Nothing", {"type": "structure", "members": {}})
    read = {"json": json_members, "query": query_members}.get(operation.protocol, rest_members)
    found = []
    members = read(operation, shape, request, found)
    found.extend(constraints.members_faults(shape, members, ""))
    return found


def json_members(operation, shape, request, found):
    return named(shape, json_document(request.body, found))


def json_document(body, found):
    if not body:
        return {}
    try:
        document = json.loads(body)
    except ValueError as error:
        found.append(f"the body is not JSON: {error}")
        return {}
    if not isinstance(document, dict):
        found.append("the body is no JSON object")
        return {}
    return document


def named(shape, document):
    """The members of a document by the model's names; unknown ones keep theirs, to be told of."""
    names = {
        constraints.wire_name(name, member): name
        for name, member in shape.members.items()
        if "location" not in member.serialization
    }
    # A name that belongs to a header or the path is not to be taken for the member when it stands in the body.
    elsewhere = set(shape.members) - set(names.values())
    return {
        names.get(name, f"{name} (in the body)" if name in elsewhere else name): value
        for name, value in document.items()
    }


def query_members(operation, shape, request, found):
    tree = {}
    for key, values in request.form.items():
        if key in ("Action", "Version"):
            continue
        at = tree
        *path, last = key.split(".")
        for part in path:
            at = at.setdefault(part, {})
        at[last] = values[0]
    return {name: texts.of_tree(shape.members.get(name), value) for name, value in tree.items()}


def rest_members(operation, shape, request, found):
    members = located(operation, shape, request, found)
    payload = shape.serialization.get("payload")
    if payload:
        members[payload] = payload_value(operation, shape.members[payload], request, found)
        return members
    if operation.protocol == "rest-xml":
        # All of S3's bodies are payloads.
        if request.body:
            found.append("a body, and the operation takes none")
        return members
    members.update(named(shape, json_document(request.body, found)))
    return members


def payload_value(operation, member, request, found):
    if member.type_name == "blob":
        return request.body
    if member.type_name == "string":
        return request.body.decode(errors="replace")
    if not request.body:
        return None
    if operation.protocol == "rest-xml":
        return xml_body.read(member, request.body, found)
    return json_document(request.body, found)


def located(operation, shape, request, found):
    """The members that stand in the path, the query and the headers."""
    members, parameters, headers, prefixes = {}, {OPERATION_PARAMETER}, set(GENERAL_HEADERS), []
    if operation.model.http_checksum:
        prefixes.append("x-amz-checksum-")
    parameters.update(operation.literals)
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        wire = constraints.wire_name(name, member)
        if location == "uri":
            members[name] = texts.read(member, operation.labels[wire])
        elif location == "querystring":
            parameters.add(wire)
            if wire in request.query:
                members[name] = texts.of_values(member, request.query[wire])
        elif location == "header":
            headers.add(wire.lower())
            members[name] = texts.of_header(member, request.header(wire))
        elif location == "headers":
            prefixes.append(wire.lower())
    found.extend(f"query parameter {name}: no such parameter" for name in sorted(set(request.query) - parameters))
    sent = {name for name, _ in request.headers if name.startswith(("x-amz-", "x-amzn-"))}
    unknown = {name for name in sent - headers if not name.startswith(tuple(prefixes))}
    found.extend(f"header {name}: no such header" for name in sorted(unknown))
    return members
