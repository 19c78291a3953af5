"""Answers the calls that filters of containers ask it about (man 2 seccomp_unotify).

seccomp_agent.py SOCKET NUMBER ERRNO: a call of this number fails with ERRNO, and is not made; any other is made.
Prints a line of JSON for each connection: what was sent, how many descriptors came with each part, whether the
connection was closed by the first call, and the numbers of the calls that were answered until the last process of the
filter had gone.
"""

import array
import fcntl
import json
import os
import select
import socket
import struct
import sys
import threading

RECV, SEND = 0xC0502100, 0xC0182101
CONTINUE = 1


def receive(connection):
    """The message, and the descriptors of each of its parts."""
    text, fds = b"", []
    while True:
        space = socket.CMSG_SPACE(8 * 4)
        part, control, _, _ = connection.recvmsg(65536, space)
        here = array.array("i")
        for level, kind, data in control:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                here.frombytes(data[: len(data) - len(data) % 4])
        fds.append(list(here))
        text += part
        try:
            return json.loads(text), fds
        except ValueError:
            if not part:
                raise


def is_closed(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False


def answer(listener, connection, number, errno):
    """Numbers of the calls that it has answered, and whether the connection was closed by the first of them."""
    numbers, closed = [], None
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while True:
        events = poll.poll()[0][1]
        if not events & select.POLLIN:
            return numbers, closed
        request = bytearray(80)
        try:
            fcntl.ioctl(listener, RECV, request)
        except OSError:  # whoever made the call has been killed
            continue
        ident, _, _, call = struct.unpack_from("=QIIi", request)
        numbers.append(call)
        closed = is_closed(connection) if closed is None else closed
        refused = call == number
        reply = struct.pack("=QqiI", ident, 0, -errno if refused else 0, 0 if refused else CONTINUE)
        try:
            fcntl.ioctl(listener, SEND, bytearray(reply))
        except OSError:
            pass


def serve(connection, number, errno):
    message, fds = receive(connection)
    sent = [len(each) for each in fds]
    listener = fds[0][message["fds"].index("seccompFd")]
    calls, closed = answer(listener, connection, number, errno)
    os.close(listener)
    print(json.dumps({"message": message, "sent": sent, "calls": calls, "closed": closed}), flush=True)


def main(path, number, errno):
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen()
    print("listening", flush=True)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=serve, args=(connection, int(number), int(errno)), daemon=True).start()


main(*sys.argv[1:])
