"""One request at a time: moto's backends hold no locks, so a condition and its write could otherwise be parted by another
thread's write, which DynamoDB never does."""

import threading
import time

from moto.sqs.models import SQSBackend

TURN = threading.Lock()
POLL_SECONDS = 0.02


def in_turn(application, environ, start_response):
    if environ.get("HTTP_X_AMZ_TARGET") == "AmazonSQS.ReceiveMessage":
        # It may wait for a message that another request brings: it takes its turn only to look.
        return application(environ, start_response)
    with TURN:
        return application(environ, start_response)


receive_at_once = SQSBackend.receive_message


def receive_message(self, queue_name, count, wait_seconds_timeout, *arguments, **named):
    end = time.monotonic() + wait_seconds_timeout
    while True:
        with TURN:
            messages = receive_at_once(self, queue_name, count, 0, *arguments, **named)
        if messages or time.monotonic() >= end:
            return messages
        time.sleep(POLL_SECONDS)


SQSBackend.receive_message = receive_message
