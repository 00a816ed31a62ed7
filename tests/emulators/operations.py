"""Which operation of which service a request asks for, by the service models that botocore carries."""

import functools
import re
import urllib.parse

from botocore.loaders import Loader
from botocore.model import ServiceModel

# A signature names the service; some names stand for several services, or are not the model's name.
SIGNING_NAMES = {
    "bedrock": ["bedrock-runtime", "bedrock"],
    "codeguru-profiler": ["codeguruprofiler"],
    "servicequotas": ["service-quotas"],
    "monitoring": ["cloudwatch"],
}
# The SDKs say by it which operation of S3 they mean; no model has it.
OPERATION_PARAMETER = "x-id"

LOADER = Loader()


class Unknown(Exception):
    """No service or no operation is asked for."""


class Operation:
    """An operation of a model, and the labels of the path that asked for it."""

    def __init__(self, service, name, labels=None, literals=()):
        self.service = service
        self.name = name
        self.labels = labels or {}
        self.literals = literals
        self.protocol = service.model.metadata["protocol"]
        self.model = service.operation(name)

    def __str__(self):
        return f"{self.service.name} {self.name}"


def find(request):
    """The operation; `Unknown` says why there is none."""
    scope = re.search(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request", request.header("authorization") or "")
    if not scope:
        raise Unknown(f"{request.method} {request.path}: not signed")
    names = SIGNING_NAMES.get(scope[1], [scope[1]])
    for name in names:
        if name not in services():
            raise Unknown(f"{request.method} {request.path}: no service signs as {scope[1]}")
        operation = load(name).find(request)
        if operation:
            return operation
    raise Unknown(f"{names[0]}: no operation {asked_for(request)}")


def asked_for(request):
    target = request.header("x-amz-target")
    return target or f"{request.method} {request.path}"


@functools.cache
def services():
    return set(LOADER.list_available_services("service-2"))


@functools.cache
def load(name):
    return Service(name)


class Service:
    def __init__(self, name):
        self.name = name
        self.model = ServiceModel(LOADER.load_service_model(name, "service-2"), name)
        self.operations = {}
        self.routes = None

    def operation(self, name):
        if name not in self.operations:
            self.operations[name] = self.model.operation_model(name)
        return self.operations[name]

    def find(self, request):
        protocol = self.model.metadata["protocol"]
        if protocol == "json":
            prefix, _, name = (request.header("x-amz-target") or "").rpartition(".")
            is_known = prefix == self.model.metadata["targetPrefix"]
        elif protocol == "query":
            name = request.form.get("Action", [None])[0]
            is_known = request.form.get("Version") == [self.model.metadata["apiVersion"]]
        else:
            return self.find_route(request)
        is_known = is_known and name in self.model.operation_names
        return Operation(self, name) if is_known else None

    def find_route(self, request):
        if self.routes is None:
            self.routes = [Route(self.operation(name)) for name in self.model.operation_names]
        meant = request.query.get(OPERATION_PARAMETER, [None])[0]
        best = None
        for route in self.routes:
            labels = route.labels(request)
            if labels is None or (meant and route.operation.name != meant):
                continue
            if best is None or route.rank(request) > best[0]:
                best = (route.rank(request), route, labels)
        return best and Operation(self, best[1].operation.name, best[2], best[1].literals)


class Route:
    """A method, a path with labels and the query parameters that tell operations on one path apart."""

    def __init__(self, operation):
        self.operation = operation
        path, _, query = operation.http["requestUri"].partition("?")
        self.literals = urllib.parse.parse_qs(query, keep_blank_values=True)
        parts = re.split(r"(\{[^}]+\})", path.rstrip("/"))
        self.static = sum(len(part) for part in parts if not part.startswith("{"))
        self.pattern = re.compile("".join(map(label_pattern, parts)) + "/?")
        self.names = [part[1:-1].rstrip("+") for part in parts if part.startswith("{")]
        shape = operation.input_shape
        located = [shape.members[name] for name in shape.required_members] if shape else []
        self.wanted = [
            member.serialization for member in located if member.serialization.get("location") in ("querystring", "header")
        ]

    def labels(self, request):
        if request.method != self.operation.http["method"]:
            return None
        query = request.query
        if any(query.get(name) != value for name, value in self.literals.items()):
            return None
        found = self.pattern.fullmatch(request.path)
        return found and dict(zip(self.names, map(urllib.parse.unquote, found.groups())))

    def rank(self, request):
        """The more of it stands in the request, the likelier it is meant; one lacking what it requires or replaced is not."""
        has = [
            wanted["name"] in request.query if wanted["location"] == "querystring" else request.header(wanted["name"])
            for wanted in self.wanted
        ]
        return all(has), not self.operation.deprecated, len(self.literals), self.static, len(has)


def label_pattern(part):
    if not part.startswith("{"):
        return re.escape(part)
    return "(.+)" if part.endswith("+}") else "([^/]+)"
