// The engine alone: the few WASI functions that a computing program calls, and one file that it may read. Arguments: MODULE [ARG...].
import { readFileSync, writeSync } from "node:fs";
import process from "node:process";

const [path, ...args] = process.argv.slice(2);
const argv = [path, ...args].map((arg) => new TextEncoder().encode(`${arg}\0`));
const script = args[0]?.endsWith(".lua") ? readFileSync(args[0]) : undefined;
let position = 0;
let memory = null;
const view = () => new DataView(memory.buffer);
const bytes = (ptr, len) => new Uint8Array(memory.buffer, ptr, len);

class Exit extends Error {}

const functions = {
  args_sizes_get(count, size) {
    view().setUint32(count, argv.length, true);
    view().setUint32(size, argv.reduce((sum, arg) => sum + arg.length, 0), true);
    return 0;
  },
  args_get(pointers, buffer) {
    for (const arg of argv) {
      view().setUint32(pointers, buffer, true);
      bytes(buffer, arg.length).set(arg);
      pointers += 4;
      buffer += arg.length;
    }
    return 0;
  },
  environ_sizes_get(count, size) {
    view().setUint32(count, 0, true);
    view().setUint32(size, 0, true);
    return 0;
  },
  environ_get: () => 0,
  clock_time_get(_id, _precision, out) {
    view().setBigUint64(out, BigInt(Math.round(performance.now() * 1e6)), true);
    return 0;
  },
  random_get(ptr, len) {
    crypto.getRandomValues(bytes(ptr, len));
    return 0;
  },
  fd_prestat_get(fd, out) {
    if (fd !== 3) return 8;
    view().setUint32(out, 0, true);
    view().setUint32(out + 4, 1, true);
    return 0;
  },
  fd_prestat_dir_name(_fd, ptr) {
    bytes(ptr, 1)[0] = 0x2f;
    return 0;
  },
  fd_fdstat_get(fd, out) {
    bytes(out, 24).fill(0);
    view().setUint8(out, fd < 3 ? 2 : fd === 3 ? 3 : 4);
    view().setBigUint64(out + 8, 0x1fffffffn, true);
    view().setBigUint64(out + 16, 0x1fffffffn, true);
    return 0;
  },
  path_open(...list) {
    if (script === undefined) return 44;
    view().setUint32(list.at(-1), 4, true);
    return 0;
  },
  fd_read(fd, iovs, count, out) {
    if (fd !== 4) return 8;
    let total = 0;
    for (let i = 0; i < count; i++) {
      const part = script.subarray(position, position + view().getUint32(iovs + i * 8 + 4, true));
      bytes(view().getUint32(iovs + i * 8, true), part.length).set(part);
      position += part.length;
      total += part.length;
    }
    view().setUint32(out, total, true);
    return 0;
  },
  fd_write(fd, iovs, count, out) {
    let total = 0;
    for (let i = 0; i < count; i++) {
      const part = bytes(view().getUint32(iovs + i * 8, true), view().getUint32(iovs + i * 8 + 4, true));
      for (let at = 0; at < part.length;) at += writeSync(fd, part, at);
      total += part.length;
    }
    view().setUint32(out, total, true);
    return 0;
  },
  fd_close: () => 0,
  fd_seek(_fd, offset, _whence, out) {
    position = Number(offset);
    view().setBigUint64(out, offset, true);
    return 0;
  },
  proc_exit(code) {
    process.exitCode = code;
    throw new Exit();
  },
};

const module = await WebAssembly.compile(readFileSync(path));
const imports = {};
for (const { module: from, name } of WebAssembly.Module.imports(module)) {
  (imports[from] ??= {})[name] = functions[name] ?? (() => 52);
}
const instance = await WebAssembly.instantiate(module, imports);
memory = instance.exports.memory;
try {
  instance.exports._start();
} catch (error) {
  if (!(error instanceof Exit)) throw error;
}
