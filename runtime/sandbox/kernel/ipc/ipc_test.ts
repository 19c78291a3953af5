/** System V message queues and semaphores, POSIX message queues. @module */
import assert from "node:assert/strict";
import { EINTR } from "../../../../fs/abi/errno.ts";
import { O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } from "../../../../fs/abi/open.ts";
import { QueueFile } from "../../../../fs/mqueue/mod.ts";
import { Files, named, testCaller, userCred } from "../../../../fs/testing/mod.ts";
import { TmpfsSuper } from "../../../../fs/tmpfs/mod.ts";
import type { FsCred } from "../../../../fs/vfs/cred.ts";
import { ROOT_CRED } from "../../../../fs/vfs/cred.ts";
import type { OpenFile } from "../../../../fs/vfs/mod.ts";
import {
  IPC_CREAT,
  IPC_EXCL,
  IPC_NOWAIT,
  IPC_PARAMETERS,
  IPC_PRIVATE,
  type IpcCaller,
  IpcObjects,
  type Message,
  MSG_COPY,
  MSG_EXCEPT,
  MSG_NOERROR,
  SEM_UNDO,
} from "./mod.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (message: Message | number): string =>
  typeof message === "number"
    ? String(named(message))
    : `${message.type}:${new TextDecoder().decode(message.bytes)}`;

function caller(cred: FsCred = ROOT_CRED, pid = 1): IpcCaller & { interrupt(): void } {
  const interrupts = new Set<() => void>();
  return {
    cred,
    pid,
    identity: {},
    now: () => 1000,
    wait: (queue) =>
      new Promise((resolve) => {
        const done = (result: number): void => {
          queue.remove(waiter);
          resolve(result);
        };
        const waiter = { wake: () => done(0) };
        queue.add(waiter);
        interrupts.add(() => done(-EINTR));
      }),
    interrupt: () => interrupts.forEach((each) => each()),
  };
}

function world(): { ipc: IpcObjects; c: ReturnType<typeof testCaller>; root: ReturnType<typeof caller> } {
  const c = testCaller(new TmpfsSuper({ mode: 0o755 }));
  return { ipc: new IpcObjects(c.vfs), c, root: caller() };
}

Deno.test("msgget(2): keys, IPC_PRIVATE, IPC_EXCL, permissions, kernel.msgmni; identifiers are not used again", () => {
  const { ipc: { messages, limits }, root } = world();
  assert.equal(named(messages.get(root, 7, 0)), "ENOENT");
  const id = messages.get(root, 7, IPC_CREAT | 0o600);
  assert.equal(messages.get(root, 7, IPC_CREAT | 0o600), id);
  assert.equal(named(messages.get(root, 7, IPC_CREAT | IPC_EXCL)), "EEXIST");
  const user = caller(userCred(1000));
  assert.equal(named(messages.get(user, 7, 0o400)), "EACCES");
  assert.equal(messages.get(user, 7, 0), id);
  assert.notEqual(messages.get(root, IPC_PRIVATE, 0), messages.get(root, IPC_PRIVATE, 0));
  assert.equal(named(messages.remove(user, id)), "EPERM");
  assert.equal(messages.remove(root, id), 0);
  assert.equal(named(messages.remove(root, id)), "EINVAL");
  assert.notEqual(messages.get(root, 7, IPC_CREAT), id);
  limits.msgmni = messages.table.size;
  assert.equal(named(messages.get(root, 8, IPC_CREAT)), "ENOSPC");
});

Deno.test("msgrcv(2): types, MSG_EXCEPT, MSG_NOERROR, MSG_COPY; msgsnd(2): limits, waits, EIDRM", async () => {
  const { ipc: { messages, limits }, root } = world();
  const id = messages.get(root, IPC_PRIVATE, 0o600);
  for (const [type, content] of [[3, "c"], [1, "a"], [2, "bb"], [1, "z"]] as const) {
    assert.equal(await messages.send(root, id, { type, bytes: bytes(content) }, 0), 0);
  }
  assert.equal(named(await messages.send(root, id, { type: 0, bytes: bytes("x") }, 0)), "EINVAL");
  assert.equal(
    named(await messages.send(root, id, { type: 1, bytes: new Uint8Array(limits.msgmax + 1) }, 0)),
    "EINVAL",
  );
  const receive = async (type: number, flags = 0, size = 100): Promise<string> =>
    text(await messages.receive(root, id, size, type, flags | IPC_NOWAIT));
  assert.equal(await receive(1, MSG_COPY), "1:a");
  assert.equal(await receive(-2), "1:a");
  assert.equal(await receive(3, MSG_EXCEPT, 1), "E2BIG");
  assert.equal(await receive(3, MSG_EXCEPT | MSG_NOERROR, 1), "2:b");
  assert.equal(await receive(0), "3:c");
  assert.equal(await receive(2), "ENOMSG");
  const queue = messages.stat(root, id);
  assert.ok(typeof queue === "object");
  queue.maxBytes = 4;
  assert.equal(named(await messages.send(root, id, { type: 1, bytes: bytes("xyzw") }, IPC_NOWAIT)), "EAGAIN");
  const waiting = messages.send(root, id, { type: 1, bytes: bytes("xyzw") }, 0);
  assert.equal(await receive(0), "1:z");
  assert.equal(await waiting, 0);
  assert.equal(await receive(0), "1:xyzw");
  const removed = messages.receive(root, id, 10, 0, 0);
  const interrupted = caller();
  const signal = messages.receive(interrupted, id, 10, 0, 0);
  interrupted.interrupt();
  assert.equal(text(await signal), "EINTR");
  messages.remove(root, id);
  assert.equal(text(await removed), "EIDRM");
});

Deno.test("msgctl(2): beyond kernel.msgmnb only with CAP_SYS_RESOURCE; kernel.* are a namespace's own", () => {
  const { ipc, c } = world();
  const user = caller(userCred(5));
  const id = ipc.messages.get(user, IPC_PRIVATE, 0o600);
  const settings = { uid: 5, gid: 5, mode: 0o640 };
  assert.equal(ipc.messages.set(user, id, { ...settings, maxBytes: 100 }), 0);
  assert.equal(named(ipc.messages.set(user, id, { ...settings, maxBytes: 1e6 })), "EPERM");
  assert.equal(IPC_PARAMETERS["kernel.msgmnb"]!.write(ipc.limits, "2000000\n"), 0);
  assert.equal(ipc.messages.set(user, id, { ...settings, maxBytes: 1e6 }), 0);
  assert.equal(new IpcObjects(c.vfs).limits.msgmnb, 16384);
  assert.equal(IPC_PARAMETERS["kernel.sem"]!.read(ipc.limits), "32000\t1024000000\t500\t32000");
  assert.equal(IPC_PARAMETERS["kernel.sem"]!.write(ipc.limits, "250 32000"), 0);
  assert.equal(IPC_PARAMETERS["kernel.sem"]!.read(ipc.limits), "250\t32000\t500\t32000");
  for (
    const [name, wrong] of [["kernel.msgmni", "40000"], ["kernel.shmmax", "-1"], ["fs.mqueue.msg_max", "0"], [
      "kernel.sem",
      "x",
    ]] as const
  ) {
    assert.equal(named(IPC_PARAMETERS[name]!.write(ipc.limits, wrong)), "EINVAL", name);
  }
  assert.match(ipc.describeMessages(), /^ +key +msqid [^\n]*\n +0 +0 +640 +0 +0 +0 +0 +5 +5 +5 +5 /);
});

Deno.test("semop(2): all or nothing, waits for more and for zero, SEM_UNDO at the end of the process", async () => {
  const { ipc: { semaphores }, root } = world();
  assert.equal(named(semaphores.get(root, IPC_PRIVATE, 0, 0)), "EINVAL");
  const id = semaphores.get(root, IPC_PRIVATE, 2, 0o600);
  const op = (index: number, change: number, flags = 0) => ({ index, change, flags });
  const values = (): number[] => {
    const set = semaphores.stat(root, id);
    assert.ok(typeof set === "object");
    return set.semaphores.map(({ value }) => value);
  };
  assert.equal(semaphores.setValues(root, id, 0, [1, 0]), 0);
  assert.equal(named(await semaphores.operate(root, id, [op(0, -1), op(1, -1, IPC_NOWAIT)])), "EAGAIN");
  assert.deepEqual(values(), [1, 0]);
  assert.equal(named(await semaphores.operate(root, id, [op(2, 1)])), "EFBIG");
  assert.equal(named(await semaphores.operate(root, id, [op(0, 32767)])), "ERANGE");
  assert.equal(named(await semaphores.operate(caller(userCred(9)), id, [op(0, 1)])), "EACCES");
  const worker = caller();
  const more = semaphores.operate(worker, id, [op(0, -1, SEM_UNDO), op(1, -1, SEM_UNDO)]);
  const zero = semaphores.operate(root, id, [op(0, 0)]);
  const set = semaphores.stat(root, id);
  assert.ok(typeof set === "object");
  assert.deepEqual(set.semaphores.map((each) => [each.waitingForMore, each.waitingForZero]), [[0, 1], [
    1,
    0,
  ]]);
  assert.equal(await semaphores.operate(root, id, [op(1, 1)]), 0);
  assert.equal(await more, 0);
  assert.equal(await zero, 0);
  assert.deepEqual(values(), [0, 0]);
  semaphores.exit(worker.identity, worker.pid);
  assert.deepEqual(values(), [1, 1]);
  const gone = semaphores.operate(root, id, [op(0, -2)]);
  assert.equal(semaphores.remove(root, id), 0);
  assert.equal(named(await gone), "EIDRM");
});

Deno.test("mq_overview(7): priorities, limits, names; a queue is a file that says what is in it", async () => {
  const { ipc: { queues, limits }, c, root } = world();
  const open = (
    name: string,
    flags: number,
    attributes: { maxMessages: number; messageSize: number } | null = null,
    who = c,
    limit = Infinity,
  ) => {
    const file = queues.open(who, name, flags, 0o600, attributes, limit);
    return typeof file === "number" ? String(named(file)) : file;
  };
  assert.equal(open("/q", O_RDONLY), "ENOENT");
  assert.equal(open("q", O_CREAT | O_RDWR), "EINVAL");
  assert.equal(open("/a/b", O_CREAT | O_RDWR), "EACCES");
  assert.equal(open(`/${"x".repeat(256)}`, O_CREAT), "ENAMETOOLONG");
  const q = open("/q", O_CREAT | O_EXCL | O_RDWR, { maxMessages: 2, messageSize: 5 }) as OpenFile;
  assert.ok(q instanceof QueueFile);
  assert.equal(open("/q", O_CREAT | O_EXCL | O_RDWR), "EEXIST");
  assert.equal(await queues.send(root, q, bytes("low"), 1), 0);
  assert.equal(named(await queues.send(root, q, bytes("too long"), 1)), "EMSGSIZE");
  assert.equal(named(await queues.send(root, q, bytes("x"), 40000)), "EINVAL");
  assert.equal(await queues.send(root, q, bytes("high"), 9), 0);
  const full = queues.send(root, q, bytes("last"), 1);
  const got = async (file: OpenFile, room = 5): Promise<string> => {
    const message = await queues.receive(root, file, room);
    return typeof message === "number" ? String(named(message)) : new TextDecoder().decode(message.bytes);
  };
  assert.equal(await got(q, 4), "EMSGSIZE");
  assert.equal(await got(q), "high");
  assert.equal(await full, 0);
  const reader = open("/q", O_RDONLY | O_NONBLOCK) as OpenFile;
  assert.equal(named(await queues.send(root, reader, bytes("x"), 0)), "EBADF");
  assert.equal(await got(reader), "low");
  assert.equal(await got(reader), "last");
  assert.equal(await got(reader), "EAGAIN");
  let told = 0;
  assert.equal(
    q.queue.register({ owner: root, method: 0, signal: 10, pid: 7, notify: () => told++ }, root),
    0,
  );
  assert.equal(
    named(q.queue.register({ owner: c, method: 0, signal: 10, pid: 8, notify: () => {} }, c)),
    "EBUSY",
  );
  const f = new Files(c);
  f.mkdir("/mq");
  const at = f.open("/mq") as OpenFile;
  c.mountNs.attach(c.vfs.newMount(queues.sb), { mount: at.mount!, dentry: at.dentry! });
  assert.deepEqual(f.list("/mq"), ["q"]);
  assert.equal(f.text("/mq/q"), "QSIZE:0          NOTIFY:0     SIGNO:10    NOTIFY_PID:7     \n");
  assert.equal(await queues.send(root, q, bytes("x"), 0), 0);
  await queues.send(root, q, bytes("y"), 0);
  assert.equal(told, 1);
  // Unlinked: the queue lives while it is open, and counts against the limit until then.
  limits.queuesMax = 1;
  const user = testCaller(new TmpfsSuper(), userCred(3));
  Object.assign(user, { vfs: c.vfs, root: c.root, cwd: c.cwd });
  assert.equal(f.unlink("/mq/q"), 0);
  assert.equal(open("/u", O_CREAT | O_RDWR, null, user), "ENOSPC");
  assert.equal(await got(reader), "x");
  q.close();
  reader.close();
  assert.equal(open("/u", O_CREAT | O_RDWR, { maxMessages: 11, messageSize: 1 }, user), "EINVAL");
  assert.equal(open("/u", O_CREAT | O_RDWR, null, user, 1000), "EMFILE");
  const own = open("/u", O_CREAT | O_WRONLY, null, user) as OpenFile;
  assert.equal((own as QueueFile).queue.maxMessages, 10);
  assert.equal(
    named(queues.unlink(Object.assign(Object.create(user), { cred: userCred(4) }), "/u")),
    "EPERM",
  );
  assert.equal(queues.unlink(user, "/u"), 0);
  own.close();
});
