"""A request and an answer as they went over the wire."""

import base64
import functools
import urllib.parse


class Message:
    def __init__(self, headers, body):
        self.headers = [(name.lower(), value) for name, value in headers]
        self.body = body

    def header(self, name):
        values = [value for known, value in self.headers if known == name.lower()]
        return ",".join(values) if values else None


class Request(Message):
    def __init__(self, method, target, headers, body):
        super().__init__(headers, body)
        self.method = method
        # Undecoded: an ARN's slashes are escaped in it, and those between labels are not.
        self.path, _, self.raw_query = target.partition("?")

    @functools.cached_property
    def query(self):
        return urllib.parse.parse_qs(self.raw_query, keep_blank_values=True)

    @functools.cached_property
    def form(self):
        return urllib.parse.parse_qs(self.body.decode(), keep_blank_values=True)

    @classmethod
    def of_json(cls, told):
        return cls(told["method"], told["target"], told["headers"], base64.b64decode(told["body"]))

    @classmethod
    def of_wsgi(cls, environ, body):
        headers = [
            (name.removeprefix("HTTP_").replace("_", "-"), value)
            for name, value in environ.items()
            if name.startswith("HTTP_") and isinstance(value, str)
        ]
        return cls(environ["REQUEST_METHOD"], environ["REQUEST_URI"], headers, body)


class Answer(Message):
    def __init__(self, status, headers, body):
        super().__init__(headers, body)
        self.status = status

    @classmethod
    def of_json(cls, told):
        return cls(told["status"], told["headers"], base64.b64decode(told["body"]))
