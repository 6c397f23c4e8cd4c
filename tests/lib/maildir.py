# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an account has been delivered, looked up in its Maildir."""
import os
import re
import time


def read_all(root, account):
    """The octets of each new message."""
    folder = os.path.join(root, "mail", account, "Maildir", "new")
    found = []
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        with open(os.path.join(folder, name), "rb") as f:
            found.append(f.read())
    return found


def wait_for(root, account, subject, seconds=20):
    """The message of that subject, once it is there."""
    end = time.monotonic() + seconds
    while True:
        for octets in read_all(root, account):
            if b"Subject: " + subject.encode() + b"\r\n" in octets:
                return octets
        if time.monotonic() > end:
            return b""
        time.sleep(0.05)


def wait_count(root, account, wanted, seconds=20):
    """How many there are, once there are so many."""
    end = time.monotonic() + seconds
    while True:
        count = len(read_all(root, account))
        if count >= wanted or time.monotonic() > end:
            return count
        time.sleep(0.05)


def count_ids(root, account):
    """{id: how often} of messages "Message-ID: <id@x>" that end in a line
    "end"; "cut" for what is none."""
    found = {}
    for octets in read_all(root, account):
        m = re.search(rb"^Message-ID: <(\w+)@x>", octets, re.M)
        one = m[1].decode() if m and octets.endswith(b"end\r\n") else "cut"
        found[one] = found.get(one, 0) + 1
    return found
