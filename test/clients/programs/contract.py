"""What the Python programs have in common: telling a step, waiting, and the values that they are given."""

import json
import os
import sys
import threading

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


def refusal(action, error_type, sqlstate_and_message):
    """What `action` was refused with, taken out of an error of this driver."""
    try:
        action()
    except error_type as error:
        sqlstate, message = sqlstate_and_message(error)
        return {"message": message, "sqlstate": sqlstate}
    raise AssertionError("it was not refused")


def cancelled_when_told(cancel, sleep):
    """What came of `sleep`, which runs until another thread calls `cancel`."""

    def cancel_when_told():
        wait()
        cancel()

    canceller = threading.Thread(target=cancel_when_told)
    canceller.start()
    seen = sleep()
    canceller.join()
    return seen


def again_and_again(ask):
    while True:
        ask()
