// A host to compare with: @bjorn3/browser_wasi_shim. Arguments: PACKAGE MODULE DIR [ARG...]; a copy of DIR, or nothing if it is empty, is
// the guest's "/".
import { readdirSync, readFileSync, readSync, writeSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";

const [shim, path, dir, ...args] = process.argv.slice(2);
const { Directory, Fd, File, PreopenDirectory, WASI, wasi: defs } = await import(
  pathToFileURL(`${shim}/dist/index.js`).href
);

/** A file descriptor of the host as one of the guest's. */
class HostFd extends Fd {
  constructor(fd) {
    super();
    this.fd = fd;
  }
  fd_fdstat_get() {
    return { ret: 0, fdstat: new defs.Fdstat(defs.FILETYPE_CHARACTER_DEVICE, 0) };
  }
  fd_filestat_get() {
    return { ret: 0, filestat: new defs.Filestat(0n, defs.FILETYPE_CHARACTER_DEVICE, 0n) };
  }
  fd_read(size) {
    const data = new Uint8Array(size);
    return { ret: 0, data: data.subarray(0, readSync(this.fd, data)) };
  }
  fd_write(data) {
    for (let at = 0; at < data.length;) at += writeSync(this.fd, data, at);
    return { ret: 0, nwritten: data.length };
  }
}

function tree(from) {
  const entries = readdirSync(from, { withFileTypes: true }).map((entry) => [
    entry.name,
    entry.isDirectory()
      ? new Directory(tree(`${from}/${entry.name}`))
      : new File(readFileSync(`${from}/${entry.name}`)),
  ]);
  return new Map(entries);
}

const fds = [new HostFd(0), new HostFd(1), new HostFd(2), new PreopenDirectory("/", tree(dir))];
const host = new WASI([path, ...args], ["PYTHONHOME=/usr/local"], fds, { debug: false });
const module = await WebAssembly.compile(readFileSync(path));
const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: host.wasiImport });
process.exitCode = host.start(instance);
