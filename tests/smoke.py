"""Is a deployment there, and does it look at signatures? `WEBHOOK_SECRET=… python3 tests/smoke.py https://…/webhook`

Sends a ping as GitHub does when a webhook is made, which queues nothing: signed it is answered, forged it is refused.
"""

import hashlib
import hmac
import json
import os
import sys
import urllib.error
import urllib.request

# GitHub waits as long.
DEADLINE = 10


def main(url, secret):
    body = json.dumps({"zen": "Keep it logically awesome."}).encode()
    # Old and new secret may stand side by side while it is changed.
    signed = ping(url, body, secret.split(",")[0].strip())
    forged = ping(url, body, "not the secret")
    print(f"signed ping: {signed}, forged ping: {forged}")
    if signed != 200 or forged != 401:
        sys.exit("the deployment does not answer as it should: 200 and 401 were expected")


def ping(url, body, secret):
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/smoke",
        "X-GitHub-Event": "ping",
        "X-GitHub-Delivery": "smoke",
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    try:
        request = urllib.request.Request(url, body, headers)
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        sys.exit(f"{url} cannot be reached: {error}")


if __name__ == "__main__":
    main(sys.argv[1], os.environ["WEBHOOK_SECRET"])
