"""What the Python programs have in common: telling a step, waiting, and the values that they are given."""

import json
import os
import sys

parameters = {
    "host": os.environ["POSTERN_HOST"],
    "port": int(os.environ["POSTERN_PORT"]),
    "user": os.environ["POSTERN_USER"],
}
database = os.environ["POSTERN_DATABASE"]
read_key = os.environ["POSTERN_READ_KEY"]
write_key = os.environ["POSTERN_WRITE_KEY"]
note = os.environ["POSTERN_NOTE"]


def tell(step, **seen):
    print(json.dumps({"step": step, **seen}), flush=True)


def wait():
    sys.stdin.readline()
