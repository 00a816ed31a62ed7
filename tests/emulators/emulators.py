"""AWS on loopback: moto's server, and what the tests ask of it besides.

Prints the URL that it listens on, and ends when its standard input closes.
"""

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

import serial
import stack


class Emulators:
    """moto behind the paths that begin with an underscore, which no AWS service has."""

    def __init__(self):
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.url = None

    def __call__(self, environ, start_response):
        request = Request(environ)
        if request.path == "/_stack":
            answer = Response(json.dumps(stack.make(self.url)))
        else:
            return serial.in_turn(self.moto, environ, start_response)
        return answer(environ, start_response)


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
