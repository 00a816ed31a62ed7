"""AWS on loopback: moto's server, and what the tests ask of it besides.

Prints the URL that it listens on, and ends when its standard input closes.
"""

import html
import io
import json
import logging
import os
import sys
import threading

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

import exchange
import serial
import stack
import validation


class Emulators:
    """moto behind the paths that begin with an underscore, which no AWS service has; what breaks a service's public model
    does not reach it."""

    def __init__(self):
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.url = None
        self.failures = []

    def __call__(self, environ, start_response):
        # Read here, because a slow client must not hold up the others.
        body = Request(environ).get_data(cache=False)
        environ["wsgi.input"] = io.BytesIO(body)
        own = {"/_stack": self.stack, "/_validate": self.validate, "/_failures": self.all_failures}
        path = environ["PATH_INFO"]
        if path in own:
            return Response(json.dumps(own[path](body)))(environ, start_response)
        operation, faults = validation.of_exchange(exchange.Request.of_wsgi(environ, body))
        if faults:
            self.failures.extend(faults)
            return refusal(operation, faults)(environ, start_response)
        return serial.in_turn(self.moto, environ, start_response)

    def stack(self, _body):
        return stack.make(self.url)

    def validate(self, body):
        told = json.loads(body)
        answer = told.get("answer")
        request = exchange.Request.of_json(told["request"])
        return validation.of_exchange(request, answer and exchange.Answer.of_json(answer))[1]

    def all_failures(self, _body):
        return self.failures


def refusal(operation, faults):
    """Every service answers so; S3 and the older ones in XML."""
    message = "; ".join(faults)
    if operation and operation.protocol in ("rest-xml", "query"):
        error = f"<Error><Code>ValidationException</Code><Message>{html.escape(message)}</Message></Error>"
        wrapped = error if operation.protocol == "rest-xml" else f"<ErrorResponse>{error}</ErrorResponse>"
        return Response(wrapped, 400, mimetype="text/xml")
    headers = {"x-amzn-errortype": "ValidationException"}
    body = json.dumps({"__type": "ValidationException", "message": message})
    return Response(body, 400, headers, mimetype="application/json")


class Handler(MotoRequestHandler):
    """Keeps connections open, as AWS does."""

    protocol_version = "HTTP/1.1"


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    emulators = Emulators()
    server = make_server("127.0.0.1", 0, emulators, threaded=True, request_handler=Handler)
    emulators.url = f"http://127.0.0.1:{server.port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(emulators.url, flush=True)
    # Nobody reads further output.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
