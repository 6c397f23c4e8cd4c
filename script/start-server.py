# SPDX-License-Identifier: LGPL-2.1-or-later
"""What script/start does once everything is built: runs `pli dev`, sends it
script/sample.eml by SMTP and shows the BODYSTRUCTURE its IMAP port gives."""
import argparse
import imaplib
import os
import random
import re
import select
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import time

PORTS = {"SMTP": 25, "submission": 587, "IMAP": 143, "POP3": 110}
USER = "demo"
# What follows the parenthesis of a body, and of no address.
BODY = re.compile(r'\(*"[\w-]+" "[^"]+" (\(|NIL)')


def free_port_base():
    for _ in range(200):
        base = random.randrange(10000, 31000, 10)
        try:
            for offset in (24, 25, 80, 110, 143, 190, 465, 587, 993, 995):
                with socket.socket() as s:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    s.bind(("127.0.0.1", base + offset))
        except OSError:
            continue
        return base
    sys.exit("script/start: found no free ports")


def start_server(pli, root, base):
    command = [pli, "dev", "--root", root, "--port-base", str(base)]
    print("$ " + " ".join(command), flush=True)
    with open(os.path.join(root, "plid.log"), "ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=log, start_new_session=True)
    try:
        wait_until_ready(process, root)
    except BaseException:
        stop_server(process)
        raise
    print("ready", flush=True)
    return process


def wait_until_ready(process, root):
    seen = b""
    end = time.monotonic() + 30
    while b"ready\n" not in seen:
        left = end - time.monotonic()
        more = b""
        if left > 0 and select.select([process.stdout], [], [], left)[0]:
            more = os.read(process.stdout.fileno(), 4096)
        if not more:
            sys.exit(f"script/start: the server did not start, see "
                     f"{root}/plid.log")
        seen += more


def stop_server(process):
    """SIGTERM, and SIGKILL when that does not help; the exit status."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def send_sample(base):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "sample.eml")
    with open(path, "rb") as f:
        message = b"\r\n".join(f.read().splitlines()) + b"\r\n"
    with smtplib.SMTP("127.0.0.1", base + PORTS["SMTP"], timeout=30) as smtp:
        smtp.sendmail("ada@test.invalid", [USER], message)
    print(f"sent script/sample.eml to {USER} by SMTP", flush=True)


def fetch_structure(base, before):
    """The BODYSTRUCTURE of the newest message, once there are more than
    `before`; and its number."""
    with imaplib.IMAP4("127.0.0.1", base + PORTS["IMAP"]) as imap:
        imap.login(USER, "pass")
        end = time.monotonic() + 30
        while True:
            count = int(imap.select("INBOX", readonly=True)[1][0])
            if count > before:
                break
            if time.monotonic() > end:
                sys.exit("script/start: the sample did not arrive")
            time.sleep(0.1)
        data = imap.fetch(str(count), "(BODYSTRUCTURE)")[1]
    text = b"".join(b"".join(x) if isinstance(x, tuple) else x for x in data)
    m = re.match(rb"\d+ \(BODYSTRUCTURE (\(.*\))\)$", text, re.S)
    if m is None:
        sys.exit(f"script/start: no BODYSTRUCTURE in {text!r}")
    return count, m.group(1).decode("utf-8", "replace")


def count_messages(base):
    with imaplib.IMAP4("127.0.0.1", base + PORTS["IMAP"]) as imap:
        imap.login(USER, "pass")
        return int(imap.select("INBOX", readonly=True)[1][0])


def indented(structure):
    """One body a line: a new line before each "(" that opens a body, so that
    the nesting of the parts shows."""
    out = []
    depth = 0
    at = 0
    for m in re.finditer(r'"(?:\\.|[^"\\])*"|\(|\)', structure):
        if m.group(0) == "(":
            body = BODY.match(structure, m.end())
            if body and m.start() > 0:
                out.append(structure[at:m.start()].rstrip() + "\n"
                           + "  " * depth)
                at = m.start()
            depth += 1
        elif m.group(0) == ")":
            depth -= 1
    out.append(structure[at:])
    return "".join(out)


def say_next(args, base, number):
    imap = f"imap://127.0.0.1:{base + PORTS['IMAP']}/INBOX"
    print("\nWhat to try next:")
    if args.demo:
        print("  script/start        (the same server, until Ctrl-C)")
    else:
        print(f"""\
  curl -u {USER}:pass '{imap};MAILINDEX={number};SECTION=1.1'
  curl -u {USER}:pass {imap} -X 'FETCH {number} (ENVELOPE)'
  swaks --server 127.0.0.1:{base + PORTS['SMTP']} --to me --attach @README.md
        (any name is an account, its password is "pass")""")
    print(f"""\
  {args.pli} tree {args.root}/mail/{USER}/Maildir
  {args.pli} tree script/sample.eml
  {args.pli} extract -d out script/sample.eml""", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pli", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--demo", action="store_true")
    args = parser.parse_args()
    if args.demo:
        shutil.rmtree(args.root, ignore_errors=True)
    os.makedirs(args.root, exist_ok=True)

    def leave(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)

    base = free_port_base()
    process = start_server(args.pli, args.root, base)
    status = 0
    try:
        before = count_messages(base)
        send_sample(base)
        number, structure = fetch_structure(base, before)
        print(f"\n* {number} FETCH (BODYSTRUCTURE\n{indented(structure)})")
        say_next(args, base, number)
        if not args.demo:
            print("\nListening on 127.0.0.1: " + ", ".join(
                f"{name} {base + offset}" for name, offset in PORTS.items()
                if is_open(base + offset)) + f". Log: {args.root}/plid.log."
                  " Ctrl-C ends it.", flush=True)
            status = process.wait()
    except KeyboardInterrupt:
        print("", flush=True)
    finally:
        ended = stop_server(process)
    if args.demo and ended != 0:
        sys.exit(f"script/start: the server ended with {ended}")
    return status


def is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
        return True
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
