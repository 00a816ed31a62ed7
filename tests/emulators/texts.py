"""Values that are text on the wire, as the type that their shape says; what is not of the type stays text, to be told of."""

from botocore.utils import parse_timestamp


def read(shape, text):
    kind = shape.type_name
    if kind in ("integer", "long"):
        return number(int, text)
    if kind in ("float", "double"):
        return number(float, text)
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if kind == "timestamp":
        try:
            return parse_timestamp(text)
        except ValueError:
            return text
    return text


def number(kind, text):
    try:
        return kind(text)
    except ValueError:
        return text


def of_header(shape, text):
    if text is None:
        return None
    if shape.type_name == "list":
        return [read(shape.member, item.strip()) for item in text.split(",")]
    return read(shape, text)


def of_values(shape, values):
    """A query parameter, which may be there several times."""
    if shape.type_name == "list":
        return [read(shape.member, value) for value in values]
    return read(shape, values[0])


def of_tree(shape, tree):
    """The keys of the query protocol, `Tags.member.1.Key`, as a tree."""
    if shape is None or not isinstance(tree, dict):
        return tree if shape is None else read(shape, tree)
    if shape.type_name == "structure":
        return {name: of_tree(shape.members.get(name), value) for name, value in tree.items()}
    if shape.type_name == "list":
        if not shape.serialization.get("flattened"):
            tree = tree.get(shape.member.serialization.get("name", "member"), tree)
        return [of_tree(shape.member, tree[index]) for index in in_order(tree)]
    if shape.type_name == "map":
        if not shape.serialization.get("flattened"):
            tree = tree.get("entry", tree)
        key = shape.key.serialization.get("name", "key")
        value = shape.value.serialization.get("name", "value")
        return {tree[index].get(key): of_tree(shape.value, tree[index].get(value)) for index in in_order(tree)}
    return tree


def in_order(tree):
    return sorted(tree, key=lambda index: (len(index), index))
