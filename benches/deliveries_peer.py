"""The same webhook in Python's standard library: verify, parse, one durable insert, 202. Prints its port."""

import hashlib
import hmac
import json
import sqlite3
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

secret, path = sys.argv[1].encode(), sys.argv[2]
database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
database.execute("PRAGMA journal_mode=WAL")
database.execute("PRAGMA synchronous=FULL")
database.execute("CREATE TABLE jobs (delivery TEXT PRIMARY KEY, body TEXT NOT NULL)")
lock = threading.Lock()


class Webhook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        expected = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, self.headers["x-hub-signature-256"]):
            return self.answer(401, b'{"error":"signature"}')
        payload = json.loads(body)
        job = json.dumps({"repository": payload["repository"]["id"], "number": payload["number"], "head": payload["pull_request"]["head"]["sha"]})
        with lock:
            database.execute("INSERT OR IGNORE INTO jobs VALUES (?, ?)", (self.headers["x-github-delivery"], job))
        self.answer(202, b'{"status":"queued"}')

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
print(server.server_address[1], flush=True)
server.serve_forever()
