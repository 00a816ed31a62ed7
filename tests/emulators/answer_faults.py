"""What is wrong with an answer, by the model of the operation that it answers."""

import constraints
import texts
from request_faults import json_document, named

# https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html: any operation may answer with them.
COMMON_ERRORS = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InternalFailure",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MalformedHttpRequestException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "RequestAbortedException",
    "RequestEntityTooLargeException",
    "RequestExpired",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "ThrottlingException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationError",
    "ValidationException",
}


def faults(operation, answer):
    if operation.protocol not in ("json", "rest-json"):
        return [f"answers of the protocol {operation.protocol} are not validated"]
    if answer.status >= 300:
        return error_faults(operation, answer)
    found = []
    shape = operation.model.output_shape
    wanted = operation.model.http.get("responseCode", 200)
    if answer.status != wanted and "statusCode" not in locations(shape):
        found.append(f"status {answer.status} instead of {wanted}")
    if shape is None:
        return found
    if operation.model.has_event_stream_output:
        return [*found, "event streams are not validated"]
    found.extend(constraints.members_faults(shape, members_of(shape, answer, found), ""))
    return found


def members_of(shape, answer, found):
    members = {}
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        if location == "header":
            members[name] = texts.of_header(member, answer.header(constraints.wire_name(name, member)))
        elif location == "statusCode":
            members[name] = answer.status
    payload = shape.serialization.get("payload")
    if not payload:
        members.update(named(shape, json_document(answer.body, found)))
    elif shape.members[payload].type_name == "blob":
        members[payload] = answer.body
    else:
        members[payload] = json_document(answer.body, found)
    return members


def locations(shape):
    return {member.serialization.get("location") for member in shape.members.values()} if shape else set()


def error_faults(operation, answer):
    found = []
    document = json_document(answer.body, found)
    code = answer.header("x-amzn-errortype") or document.get("__type") or document.get("code") or ""
    code = code.partition(":")[0].rpartition("#")[2]
    shapes = {shape.error_code: shape for shape in operation.model.error_shapes}
    shapes.update({shape.name: shape for shape in operation.model.error_shapes})
    if code not in shapes:
        if code not in COMMON_ERRORS:
            found.append(f"error {code or 'without a type'}: none of {', '.join(sorted(shapes))}")
        return found
    shape = shapes[code]
    status = shape.metadata.get("error", {}).get("httpStatusCode")
    if status and status != answer.status:
        found.append(f"error {code}: status {answer.status} instead of {status}")
    # Services spell it either way, whatever their model says, and clients read both.
    spelled = next((name for name in shape.members if name.lower() == "message"), "message")
    told = {spelled if name.lower() == "message" else name: value for name, value in document.items()}
    told.pop("__type", None)
    found.extend(f"error {code}: {fault}" for fault in constraints.members_faults(shape, named(shape, told), ""))
    return found
