/** Unix sockets beyond what scripts compare with Linux: names in filesystems, files and credentials that go along (man 7 unix). @module */
import assert from "node:assert/strict";
import { isSock } from "../../../../fs/abi/mode.ts";
import { O_CREAT, O_RDWR } from "../../../../fs/abi/open.ts";
import { Stat } from "../../../../fs/abi/stat.ts";
import {
  chmodAt,
  lookupAt,
  mkdirAt,
  openAt,
  parsePath,
  type PathName,
  renameAt,
  statAt,
  unlinkAt,
} from "../../../../fs/vfs/mod.ts";
import {
  AF_UNIX,
  MSG_PEEK,
  SO,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../../abi/linux/socket.ts";
import { Kernel } from "../../kernel/kernel.ts";
import type { Task } from "../../kernel/task.ts";
import * as calls from "../calls/mod.ts";
import { socketsOf } from "../testing/here.ts";

const path = (text: string): PathName => parsePath(text) as PathName;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const sendFds = (task: Task, fd: number, text: string, fds: readonly number[]): number =>
  calls.sendmsg(task, fd, bytes(text), 0, text.length, { fds });
const recvFds = (task: Task, fd: number, length: number, room: number, flags = 0): calls.ReceivedMessage => {
  const result = calls.recvmsg(task, fd, new Uint8Array(length), 0, length, flags, room);
  assert.ok(typeof result !== "number", String(result));
  return result;
};
function pair(task: Task, type: number): readonly [number, number] {
  const made = calls.socketpair(task, AF_UNIX, type, 0);
  assert.ok(typeof made !== "number");
  return made;
}
const openFiles = (task: Task): number => task.files.list().length;

Deno.test("bind makes a socket in the filesystem: mode, owner, EADDRINUSE, and it stays after close", () => {
  const kernel = new Kernel(), task = kernel.spawn(), s = socketsOf(task);
  assert.equal(mkdirAt(task, null, path("/run"), 0o755), 0);
  const l = s.socket(AF_UNIX, SOCK_STREAM);
  assert.equal(s.bind(l, "/run/s"), 0);
  const st = new Stat();
  assert.equal(statAt(task, null, path("/run/s"), 0, st), 0);
  assert.ok(isSock(st.mode));
  assert.equal(st.mode & 0o777, 0o755); // 0777 without the umask
  assert.equal(openAt(task, null, path("/run/s"), O_RDWR, 0), -6); // ENXIO (man 2 open)
  assert.equal(s.bind(s.socket(AF_UNIX, SOCK_STREAM), "/run/s"), -98);
  assert.equal(s.bind(s.socket(AF_UNIX, SOCK_STREAM), "/none/s"), -2);
  assert.equal(s.bind(s.socket(AF_UNIX, SOCK_STREAM), `/${"x".repeat(108)}`), -22);
  assert.equal(s.bind(s.socket(AF_UNIX, SOCK_STREAM), `/${"x".repeat(107)}`), 0);
  s.listen(l, 1);
  assert.equal(renameAt(task, null, path("/run/s"), null, path("/run/moved"), 0), 0);
  assert.equal(s.connect(s.socket(AF_UNIX, SOCK_STREAM), "/run/s"), -2);
  assert.equal(s.connect(s.socket(AF_UNIX, SOCK_STREAM), "/run/moved"), 0);
  assert.equal(s.connect(s.socket(AF_UNIX, SOCK_SEQPACKET), "/run/moved"), -91);
  s.close(l);
  assert.equal(s.connect(s.socket(AF_UNIX, SOCK_STREAM), "/run/moved"), -111);
  assert.ok(typeof lookupAt(task, null, path("/run/moved"), true) !== "number");
  assert.equal(unlinkAt(task, null, path("/run/moved"), 0), 0);
});

Deno.test("connecting to a path needs write permission on the socket", () => {
  const kernel = new Kernel(), task = kernel.spawn(), s = socketsOf(task);
  const l = s.socket(AF_UNIX, SOCK_STREAM);
  s.bind(l, "/s");
  s.listen(l, 5);
  const other = kernel.spawn(), o = socketsOf(other);
  const { effective } = other.cred.fields;
  const user = { uid: 1000, euid: 1000, suid: 1000, fsuid: 1000 };
  other.cred = other.cred.with({ ...user, effective: effective.without(effective) });
  assert.equal(o.connect(o.socket(AF_UNIX, SOCK_STREAM), "/s"), -13);
  assert.equal(chmodAt(task, null, path("/s"), 0o777, 0), 0);
  const c = o.socket(AF_UNIX, SOCK_STREAM);
  assert.equal(o.connect(c, "/s"), 0);
  const accepted = s.accept(l);
  assert.deepEqual([...calls.getsockopt(task, accepted, SOL_SOCKET, SO.PEERCRED) as Int32Array], [
    other.pid,
    1000,
    0,
  ]);
  assert.deepEqual([...calls.getsockopt(other, c, SOL_SOCKET, SO.PEERCRED) as Int32Array], [task.pid, 0, 0]);
});

Deno.test("bind with an empty name makes one up", () => {
  const s = socketsOf(new Kernel().spawn());
  const names = [0, 1, 2].map(() => {
    const fd = s.socket(AF_UNIX, SOCK_DGRAM);
    assert.equal(s.bind(fd, ""), 0);
    return s.getsockname(fd) as string;
  });
  for (const name of names) assert.match(name, /^@[0-9a-f]{5}$/);
  assert.equal(new Set(names).size, 3);
});

for (const type of [SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET]) {
  Deno.test(`SCM_RIGHTS over type ${type}: the receiver gets the open file itself`, () => {
    const kernel = new Kernel(), task = kernel.spawn();
    const [a, b] = pair(task, type);
    const file = openAt(task, null, path("/f"), O_CREAT | O_RDWR, 0o644);
    assert.ok(typeof file !== "number");
    const fd = task.files.install(file);
    file.write(bytes("hello"), 0, 5);
    assert.equal(sendFds(task, a, "x", [fd, fd]), 1);
    assert.equal(sendFds(task, a, "x", [99]), -9);
    assert.equal(task.files.close(fd), 0);
    const before = openFiles(task);
    const peeked = recvFds(task, b, 10, 5, MSG_PEEK);
    assert.equal(peeked.fds.length, 2);
    const { fds, length } = recvFds(task, b, 10, 5);
    assert.deepEqual([length, fds.length, openFiles(task)], [1, 2, before + 4]);
    const received = task.files.get(fds[0]!)!.file;
    assert.equal(received, file);
    assert.equal(received.pos, 5);
    for (const each of [...peeked.fds, ...fds]) task.files.close(each);
    assert.equal(file.inode.openCount, 0);
  });
}

Deno.test("SCM_RIGHTS: what does not fit is closed and said; what nobody receives is closed with the socket", () => {
  const kernel = new Kernel(), task = kernel.spawn();
  const make = (): number => {
    const file = openAt(task, null, path("/g"), O_CREAT | O_RDWR, 0o644);
    assert.ok(typeof file !== "number");
    return task.files.install(file);
  };
  const [a, b] = pair(task, SOCK_STREAM);
  const fds = [make(), make(), make()];
  const inode = task.files.get(fds[0]!)!.file.inode;
  sendFds(task, a, "1", fds);
  const some = recvFds(task, b, 10, 1);
  assert.deepEqual([some.fds.length, some.flags & 0x8], [1, 0x8]); // MSG_CTRUNC
  for (const fd of [...fds, ...some.fds]) task.files.close(fd);
  assert.equal(inode.openCount, 0);
  const one = make();
  sendFds(task, a, "2", [one]);
  // recv(2) has no place for it.
  assert.equal(calls.recv(task, b, new Uint8Array(5), 0, 5, 0), 1);
  sendFds(task, a, "3", [one]);
  task.files.close(one);
  assert.equal(inode.openCount, 1);
  task.files.close(b);
  assert.equal(inode.openCount, 0);
  const [c] = pair(task, SOCK_STREAM);
  assert.equal(sendFds(task, c, "x", new Array(254).fill(a)), -22);
});

Deno.test("SCM_RIGHTS over a stream: bytes of different senders' files are not read together", () => {
  const task = new Kernel().spawn();
  const [a, b] = pair(task, SOCK_STREAM);
  calls.send(task, a, bytes("plain"), 0, 5, 0);
  sendFds(task, a, "one", [a]);
  sendFds(task, a, "two", [a]);
  calls.send(task, a, bytes("rest"), 0, 4, 0);
  const lengths = [0, 1, 2].map(() => {
    const { length, fds } = recvFds(task, b, 100, 5);
    return [length, fds.length];
  });
  assert.deepEqual(lengths, [[5, 0], [3, 1], [7, 1]]);
});

Deno.test("files on their way are limited: ETOOMANYREFS, until they have arrived", () => {
  const task = new Kernel().spawn();
  const [a, b] = pair(task, SOCK_SEQPACKET);
  const many = new Array(250).fill(a);
  let sent = 0, result = 0;
  for (; sent < 100 && (result = sendFds(task, a, "x", many)) === 1;) sent++;
  assert.equal(result, -109);
  assert.equal(sent, 4);
  calls.recv(task, b, new Uint8Array(1), 0, 1, 0);
  assert.equal(sendFds(task, a, "x", many), 1);
  task.files.closeAll();
});

Deno.test("SO_PASSCRED shows who sent a message", () => {
  const kernel = new Kernel(), task = kernel.spawn();
  const [a, b] = pair(task, SOCK_DGRAM);
  calls.sendmsg(task, a, bytes("x"), 0, 1, {});
  assert.equal(recvFds(task, b, 1, 0).credentials, null);
  assert.equal(calls.setsockopt(task, b, SOL_SOCKET, SO.PASSCRED, Int32Array.of(1)), 0);
  calls.sendmsg(task, a, bytes("x"), 0, 1, {});
  assert.deepEqual(recvFds(task, b, 1, 0).credentials, { pid: task.pid, uid: 0, gid: 0 });
});
