"""Prints the table that the other tests run on, as they ask for it, as JSON. The folder of its maker is the argument."""

import json
import sys


class Recorder:
    """Stands where a client of DynamoDB would, and keeps what it is asked."""

    def __init__(self):
        self.asked = {}

    def create_table(self, **table):
        self.asked |= table

    def update_time_to_live(self, TableName, **time_to_live):
        self.asked |= time_to_live


sys.path.insert(0, sys.argv[1])
import stack  # noqa: E402

recorder = Recorder()
stack.make_table(recorder, "table")
json.dump(recorder.asked, sys.stdout)
