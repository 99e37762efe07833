# SPDX-License-Identifier: LGPL-2.1-or-later
"""Joins a sender to a receiver, and strikes at a moment: cut.py ARMED COMMAND...

ARMED is a file with three words: who ("link", "receiver" or "sender"), when and
nothing more; without it the two are just joined.  When: "banner", "stream" (in
the midst of it), "ready", "go" or "report", each before that message is passed
on, and "went", when the word was passed on.
"""
import os
import signal
import subprocess
import sys
import threading

BANNER = b"xl migration receiver ready, send binary domain data.\n"
READY = b"domain received, ready to unpause\0"
GO = b"domain is yours, you are cleared to unpause\0"
REPORT = b"my copy unpause results are as follows\0"

armed, command = sys.argv[1], sys.argv[2:]
try:
    who, when = open(armed).read().split()
    os.unlink(armed)
except FileNotFoundError:
    who = when = None
sender = os.getppid()
receiver = subprocess.Popen(command, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE)


def strike():
    """Whoever is struck is gone before anything more is passed on."""
    if who == "sender":
        os.kill(sender, signal.SIGKILL)
        receiver.stdin.close()
        receiver.wait()
    elif who == "receiver":
        receiver.kill()
        receiver.wait()
    os._exit(9)


def write(fd, data):
    while data:
        data = data[os.write(fd, data):]


def forward():
    """What the sender says; the word is the last of it."""
    to, passed = receiver.stdin.fileno(), 0
    while data := os.read(0, 65536):
        if when == "stream" and passed + len(data) > 1 << 20:
            write(to, data[:len(data) // 2])
            strike()
        if when == "go" and data.endswith(GO):
            strike()
        write(to, data)
        passed += len(data)
        if when == "went" and data.endswith(GO):
            strike()
    receiver.stdin.close()


threading.Thread(target=forward, daemon=True).start()
said = receiver.stdout.fileno()
for name, message in (("banner", BANNER), ("ready", READY), ("report", REPORT)):
    data = b""
    while len(data) < len(message) and (more := os.read(
            said, len(message) - len(data))):
        data += more
    if when == name and data == message:
        strike()
    try:
        write(1, data)
    except BrokenPipeError:
        break
    if data != message:
        break
while data := os.read(said, 65536):
    write(1, data)
os._exit(receiver.wait())
