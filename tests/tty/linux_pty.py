"""Plays a scenario on a pty of the Linux kernel. Reads JSON from standard input, a list of scenarios; writes what each step gave.

A step is ["set", iflag, oflag, lflag, cc], ["type", hex], ["print", hex], ["read", length], ["flow", action], ["flush", queue] or
["packets", on]. Its outcome is a list: [what the step gave, what the master read afterwards].
"""
import errno, fcntl, json, os, select, struct, sys, termios

TIOCPKT = 0x5420
pause = float(sys.argv[1])


def drain(master):
    data = b""
    while select.select([master], [], [], pause)[0]:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        data += part
    return data.hex()


def guarded(call):
    try:
        return call()
    except OSError as error:
        return "-" + errno.errorcode[error.errno]


def step(master, slave, what):
    kind, *args = what
    if kind == "set":
        control = termios.tcgetattr(slave)[2]
        # tcsetattr of the C library cannot set everything: the kernel's own structure is written.
        raw = struct.pack("IIIIB19s", args[0], args[1], control, args[2], 0, bytes(args[3]))
        return guarded(lambda: fcntl.ioctl(slave, termios.TCSETS, raw) and 0)
    if kind == "type":
        return guarded(lambda: os.write(master, bytes.fromhex(args[0])))
    if kind == "print":
        return guarded(lambda: os.write(slave, bytes.fromhex(args[0])))
    if kind == "read":
        return guarded(lambda: os.read(slave, args[0]).hex())
    if kind == "flow":
        return guarded(lambda: termios.tcflow(slave, args[0]) or 0)
    if kind == "flush":
        return guarded(lambda: termios.tcflush(slave, args[0]) or 0)
    if kind == "count":
        return guarded(lambda: struct.unpack("i", fcntl.ioctl(slave, termios.FIONREAD, b"\0\0\0\0"))[0])
    if kind == "packets":
        return guarded(lambda: fcntl.ioctl(master, TIOCPKT, struct.pack("i", args[0])) and 0)
    raise ValueError(kind)


def play(scenario):
    master, slave = os.openpty()
    for fd in (master, slave):
        os.set_blocking(fd, False)
    outcome = []
    for each in scenario:
        given = step(master, slave, each)
        outcome.append([given, drain(master)])
    os.close(slave)
    os.close(master)
    return outcome


for line in sys.stdin:
    print(json.dumps(play(json.loads(line))), flush=True)
