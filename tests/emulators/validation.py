"""Holds exchanges to the public models of the services."""

import operations
import answer_faults
import request_faults


def of_exchange(request, answer=None):
    """The operation that is asked for, and sentences on what is wrong."""
    try:
        operation = operations.find(request)
    except operations.Unknown as unknown:
        return None, [str(unknown)]
    found = [f"{operation}, request: {fault}" for fault in request_faults.faults(operation, request)]
    if answer:
        found += [f"{operation}, answer: {fault}" for fault in answer_faults.faults(operation, answer)]
    return operation, found
