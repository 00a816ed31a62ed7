"""Whether a value is what a shape of a service's model allows: members, types, lengths, ranges, patterns and choices."""

import base64
import binascii
import datetime
import functools
import re

import regex

INTEGER_BITS = {"integer": 32, "long": 64}
# Patterns are written for Java.
JAVA_CLASSES = {r"\p{Print}": "[ -~]", r"\p{ASCII}": r"[\x00-\x7f]", r"\p{Alnum}": "[A-Za-z0-9]"}


def faults(shape, value, at):
    """Sentences on what is wrong, each with the place."""
    check = CHECKS.get(shape.type_name, nothing)
    yield from check(shape, value, at)


def members_faults(shape, members, at):
    """The same for members that are known by the model's names, wherever they stood."""
    for name in shape.required_members:
        if members.get(name) is None:
            yield f"{join(at, name)}: required, and missing"
    for name, value in members.items():
        if name not in shape.members:
            yield f"{join(at, name)}: no such member"
        elif value is not None:
            yield from faults(shape.members[name], value, join(at, name))


def wire_name(name, member):
    return member.serialization.get("name", name)


def structure(shape, value, at):
    if shape.is_document_type:
        return
    if not isinstance(value, dict):
        yield wrong_type(at, value, "a structure")
        return
    names = {wire_name(name, member): name for name, member in shape.members.items()}
    given = {name for name, member in value.items() if member is not None}
    if shape.is_tagged_union and len(given) != 1:
        yield f"{at}: one member of a union, not {len(given)}: {sorted(given)}"
    yield from members_faults(shape, {names.get(name, name): value[name] for name in value}, at)


def listed(shape, value, at):
    if not isinstance(value, list):
        yield wrong_type(at, value, "a list")
        return
    yield from size_faults(shape, len(value), "items", at)
    for index, item in enumerate(value):
        if item is None:
            yield f"{at}[{index}]: null"
        else:
            yield from faults(shape.member, item, f"{at}[{index}]")


def mapped(shape, value, at):
    if not isinstance(value, dict):
        yield wrong_type(at, value, "a map")
        return
    yield from size_faults(shape, len(value), "entries", at)
    for key, item in value.items():
        yield from faults(shape.key, key, f"{at}, key {key!r}")
        if item is not None:
            yield from faults(shape.value, item, f"{at}[{key!r}]")


def string(shape, value, at):
    if not isinstance(value, str):
        yield wrong_type(at, value, "a string")
        return
    yield from size_faults(shape, len(value), "characters", at)
    if shape.enum and value not in shape.enum:
        yield f"{at}: {brief(value)} is none of {', '.join(shape.enum)}"
    pattern = shape.metadata.get("pattern")
    if pattern and not compiled(pattern).fullmatch(value):
        yield f"{at}: {brief(value)} does not match {brief(pattern)}"


def blob(shape, value, at):
    if isinstance(value, str):
        try:
            value = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            yield f"{at}: {brief(value)} is not base64"
            return
    if not isinstance(value, bytes):
        yield wrong_type(at, value, "base64")
        return
    yield from size_faults(shape, len(value), "bytes", at)


def integer(shape, value, at):
    if not isinstance(value, int) or isinstance(value, bool):
        yield wrong_type(at, value, "an integer")
        return
    bound = 1 << (INTEGER_BITS[shape.type_name] - 1)
    if not -bound <= value < bound:
        yield f"{at}: {value} does not fit {INTEGER_BITS[shape.type_name]} bits"
    yield from range_faults(shape, value, at)


def number(shape, value, at):
    if value in ("NaN", "Infinity", "-Infinity"):
        return
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield wrong_type(at, value, "a number")
        return
    yield from range_faults(shape, value, at)


def boolean(shape, value, at):
    if not isinstance(value, bool):
        yield wrong_type(at, value, "a boolean")


def timestamp(shape, value, at):
    """A moment as JSON has it; one in a header, a query or XML is read before."""
    if isinstance(value, datetime.datetime):
        return
    wanted = shape.serialization.get("timestampFormat", "unixTimestamp")
    if wanted == "unixTimestamp":
        if not isinstance(value, int | float) or isinstance(value, bool):
            yield wrong_type(at, value, "a timestamp in seconds")
    elif not (isinstance(value, str) and ISO_8601.fullmatch(value)):
        yield f"{at}: {brief(value)} is not a timestamp of the form {wanted}"


ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def nothing(shape, value, at):
    yield f"{at}: this validator does not know the type {shape.type_name}"


CHECKS = {
    "structure": structure,
    "list": listed,
    "map": mapped,
    "string": string,
    "character": string,
    "blob": blob,
    "integer": integer,
    "long": integer,
    "float": number,
    "double": number,
    "boolean": boolean,
    "timestamp": timestamp,
}


def size_faults(shape, size, unit, at):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield f"{at}: {size} {unit}, at least {low} are wanted"
    if high is not None and size > high:
        yield f"{at}: {size} {unit}, at most {high} are allowed"


def range_faults(shape, value, at):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        yield f"{at}: {value} is less than {low}"
    if high is not None and value > high:
        yield f"{at}: {value} is more than {high}"


@functools.cache
def compiled(pattern):
    for java, posix in JAVA_CLASSES.items():
        pattern = pattern.replace(java, posix)
    return regex.compile(pattern)


def wrong_type(at, value, wanted):
    return f"{at}: {brief(value)} is not {wanted}"


def brief(value):
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def join(at, name):
    return f"{at}.{name}" if at else name
