/** sock_accept, sock_recv, sock_send, sock_shutdown on sockets: called as a guest calls them, on descriptors that a test gives it. @module */
import assert from "node:assert/strict";
import { O_NONBLOCK } from "../../fs/abi/open.ts";
import { TmpfsSuper } from "../../fs/tmpfs/mod.ts";
import { makePipe } from "../../fs/vfs/mod.ts";
import { wasiImports } from "../../runtime/sandbox/abi/wasi_p1/interface.ts";
import { WasiProcess } from "../../runtime/sandbox/abi/wasi_p1/process.ts";
import { Kernel } from "../../runtime/sandbox/kernel/kernel.ts";
import type { Task } from "../../runtime/sandbox/kernel/task.ts";
import { SocketFile, SocketInode } from "../../runtime/sandbox/net/socket_file.ts";
import { UnixStream } from "../../runtime/sandbox/net/unix/stream.ts";

const OK = 0, AGAIN = 6, BADF = 8, FAULT = 21, INVAL = 28, NOTSOCK = 57, NOTCAPABLE = 76;
const PEEK = 1, WAITALL = 2, RD = 1, WR = 2;
/** Where the guest's memory has its iovecs, its buffers, and the places for results. */
const IOVS = 0, BUFFER = 1000, OUT = 100, FLAGS = 108;

type Call = (...args: (number | bigint)[]) => Promise<number>;

/** A socket that listens, with connections waiting. */
class Listener extends SocketFile {
  readonly waiting: SocketFile[] = [];
  override accept(): SocketFile | number {
    return this.waiting.shift() ?? -11;
  }
  override recv(): number {
    return -107;
  }
  override send(): number {
    return -107;
  }
}

/** A guest with a connected pair as 0 and 1. */
class Guest {
  readonly kernel = new Kernel();
  readonly task: Task = this.kernel.spawn();
  readonly memory = new WebAssembly.Memory({ initial: 1 });
  readonly view = new DataView(this.memory.buffer);
  readonly sb = new TmpfsSuper();
  readonly call: (name: string, ...args: (number | bigint)[]) => Promise<number>;

  constructor(flags: number) {
    for (const end of UnixStream.pair(this.task.nsproxy.net, this.inode(1), this.inode(2), flags)) {
      this.task.files.install(end);
    }
    const process = new WasiProcess(this.task, {
      argv: [],
      envp: [],
      preopens: [],
      anchorFd: -1,
      fillRandom: () => {},
    });
    process.memory.attach(this.memory);
    const imports = wasiImports(process, "wasi_snapshot_preview1");
    const { promising } = WebAssembly as unknown as { promising(f: unknown): Call };
    this.call = (name, ...args) => promising(imports[name])(...args);
  }

  inode(ino: number): SocketInode {
    return new SocketInode(this.sb, ino);
  }

  /** Puts iovecs into memory; how many. */
  iovs(...vectors: readonly (readonly [at: number, length: number])[]): number {
    vectors.forEach(([at, length], i) => {
      this.view.setUint32(IOVS + i * 8, at, true);
      this.view.setUint32(IOVS + i * 8 + 4, length, true);
    });
    return vectors.length;
  }

  async send(fd: number, text: string): Promise<number> {
    new TextEncoder().encodeInto(text, new Uint8Array(this.memory.buffer, 5000));
    return await this.call("sock_send", fd, IOVS, this.iovs([5000, text.length]), 0, OUT);
  }

  /** What is received into vectors of these lengths that lie behind each other; or the errno. */
  async recv(fd: number, flags: number, ...lengths: number[]): Promise<string | number> {
    let at = BUFFER;
    const count = this.iovs(...lengths.map((length) => [(at += length) - length, length] as const));
    const errno = await this.call("sock_recv", fd, IOVS, count, flags, OUT, FLAGS);
    const text = new Uint8Array(this.memory.buffer, BUFFER, this.view.getUint32(OUT, true));
    return errno !== OK ? errno : new TextDecoder().decode(text);
  }

  end(): void {
    this.task.exit(0);
    this.kernel.shutdown();
  }
}

async function withGuest(flags: number, run: (guest: Guest) => Promise<void>): Promise<void> {
  const guest = new Guest(flags);
  try {
    await run(guest);
  } finally {
    guest.end();
  }
}

Deno.test("sock_send and sock_recv: bytes in order, over several buffers, in both directions", () =>
  withGuest(O_NONBLOCK, async (g) => {
    assert.equal(await g.send(0, "hello world"), OK);
    assert.equal(g.view.getUint32(OUT, true), 11);
    assert.equal(await g.recv(1, 0, 3, 0, 4), "hello w");
    assert.equal(g.view.getUint16(FLAGS, true), 0);
    assert.equal(await g.recv(1, 0, 100), "orld");
    assert.equal(await g.recv(1, 0, 100), AGAIN);
    assert.equal(await g.send(1, "back"), OK);
    assert.equal(await g.recv(0, 0, 4), "back");
    // They are descriptors as others are.
    assert.equal(await g.call("fd_write", 0, IOVS, g.iovs([5000, 4]), OUT), OK);
    assert.equal(await g.call("fd_read", 1, IOVS, g.iovs([BUFFER, 10]), OUT), OK);
    assert.equal(g.view.getUint32(OUT, true), 4);
    assert.equal(await g.call("fd_seek", 1, 0n, 0, OUT), 70); // ESPIPE
    assert.equal(await g.call("fd_fdstat_get", 1, 200), OK);
    assert.equal(g.view.getUint8(200), 6); // socket_stream
  }));

Deno.test("sock_recv: peek leaves what it shows, waitall waits for all, or for the end", () =>
  withGuest(0, async (g) => {
    await g.send(0, "abc");
    assert.equal(await g.recv(1, PEEK, 2), "ab");
    assert.equal(await g.recv(1, PEEK, 0, 3, 3), "abc");
    assert.equal(await g.recv(1, 0, 3), "abc");
    await g.send(0, "12");
    const all = g.recv(1, WAITALL, 4);
    await new Promise((resolve) => setTimeout(resolve, 10));
    const peer = g.task.files.get(0)!.file;
    assert.equal(peer.write(new TextEncoder().encode("34"), 0, 2), 2);
    assert.equal(await all, "1234");
    await g.send(0, "x");
    assert.equal(await g.call("sock_shutdown", 0, WR), OK);
    assert.equal(await g.recv(1, WAITALL, 4), "x");
    assert.equal(await g.recv(1, 0, 4), "");
  }));

Deno.test("sock_recv and sock_accept wait; a signal ends the guest instead", () =>
  withGuest(0, async (g) => {
    const listener = new Listener(g.inode(3), O_NONBLOCK);
    const fd = g.task.files.install(listener);
    assert.equal(await g.call("sock_accept", fd, 0, OUT), AGAIN);
    const [client, server] = UnixStream.pair(g.task.nsproxy.net, g.inode(4), g.inode(5), 0);
    listener.waiting.push(server);
    assert.equal(await g.call("sock_accept", fd, 0, OUT), OK);
    const accepted = g.view.getUint32(OUT, true);
    assert.equal(accepted, fd + 1);
    const received = g.recv(accepted, 0, 10);
    assert.equal(client.write(new TextEncoder().encode("hi"), 0, 2), 2);
    assert.equal(await received, "hi");
    client.close();
    assert.equal(await g.recv(accepted, 0, 10), "");
    const never = g.recv(1, 0, 10);
    never.catch(() => {});
    g.task.raise(15);
    await assert.rejects(never, WebAssembly.RuntimeError);
  }));

Deno.test("sock_shutdown: each direction by itself; sending afterwards is SIGPIPE", () =>
  withGuest(O_NONBLOCK, async (g) => {
    assert.equal(await g.call("sock_shutdown", 0, 0), INVAL);
    assert.equal(await g.call("sock_shutdown", 0, 4), INVAL);
    assert.equal(await g.call("sock_shutdown", 0, RD), OK);
    assert.equal(await g.send(0, "still"), OK);
    assert.equal(await g.recv(1, 0, 10), "still");
    assert.equal(await g.call("sock_shutdown", 0, RD | WR), OK);
    assert.equal(await g.recv(1, 0, 10), "");
    await assert.rejects(g.send(0, "x"), WebAssembly.RuntimeError);
    assert.equal(g.task.exitStatus, 13);
  }));

Deno.test("sockets: what is refused", () =>
  withGuest(O_NONBLOCK, async (g) => {
    assert.equal(await g.call("sock_recv", 9, IOVS, 0, 0, OUT, FLAGS), BADF);
    assert.equal(await g.call("sock_recv", 0, IOVS, 0, 4, OUT, FLAGS), INVAL);
    assert.equal(await g.call("sock_recv", 0, IOVS, 1025, 0, OUT, FLAGS), INVAL);
    assert.equal(await g.call("sock_recv", 0, 65530, 1, 0, OUT, FLAGS), FAULT);
    assert.equal(await g.call("sock_recv", 0, IOVS, 1, 0, 65535, FLAGS), FAULT);
    assert.equal(await g.call("sock_recv", 0, IOVS, 1, 0, OUT, 65535), FAULT);
    await g.send(1, "kept");
    assert.equal(await g.call("sock_recv", 0, IOVS, g.iovs([65535, 2]), 0, OUT, FLAGS), FAULT);
    assert.equal(await g.recv(0, 0, 4), "kept");
    assert.equal(await g.call("sock_send", 0, IOVS, 1, 1, OUT), INVAL);
    assert.equal(await g.call("sock_send", 0, IOVS, g.iovs([65535, 2]), 0, OUT), FAULT);
    assert.equal(await g.call("sock_accept", 0, 0, OUT), INVAL); // it does not listen
    assert.equal(await g.call("sock_accept", 0, 1, OUT), INVAL);
    assert.equal(await g.call("fd_fdstat_set_rights", 0, 0n, 0n), OK);
    assert.equal(await g.call("sock_recv", 0, IOVS, 0, 0, OUT, FLAGS), NOTCAPABLE);
    assert.equal(await g.call("sock_shutdown", 0, RD), NOTCAPABLE);
    const [pipe] = makePipe();
    const fd = g.task.files.install(pipe);
    assert.equal(await g.call("sock_recv", fd, IOVS, 0, 0, OUT, FLAGS), NOTSOCK);
    assert.equal(await g.call("sock_shutdown", fd, RD), NOTSOCK);
  }));

Deno.test("sock_send and sock_recv over several buffers, more than the socket holds: every byte once, in order", () =>
  withGuest(0, async (g) => {
    g.memory.grow(16);
    const bytes = new Uint8Array(g.memory.buffer), view = new DataView(g.memory.buffer);
    const SEND = 65536, RECV = 600_000, LENGTHS = [3, 0, 250_000, 7, 120_001];
    const total = LENGTHS.reduce((a, b) => a + b);
    for (let i = 0; i < total; i++) bytes[SEND + i] = i * 13 % 251;
    const lay = (at: number, from: number): void => {
      for (const [i, length] of LENGTHS.entries()) {
        view.setUint32(at + i * 8, from, true);
        view.setUint32(at + i * 8 + 4, length, true);
        from += length;
      }
    };
    lay(2000, SEND);
    lay(3000, RECV);
    const receiving = g.call("sock_recv", 1, 3000, LENGTHS.length, WAITALL, 3100, 3108);
    assert.equal(await g.call("sock_send", 0, 2000, LENGTHS.length, 0, 2100), OK);
    assert.equal(view.getUint32(2100, true), total);
    assert.equal(await receiving, OK);
    assert.equal(view.getUint32(3100, true), total);
    assert.deepEqual(bytes.slice(RECV, RECV + total), bytes.slice(SEND, SEND + total));
  }));
