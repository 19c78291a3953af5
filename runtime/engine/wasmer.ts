/**
 * The second engine: npm's @wasmer/wasi. It runs one module with its own file system in memory, takes all of its input before and gives
 * all of its output after the run, and has no binds, users or limits; whatever of that is asked for is refused.
 * @module
 */
import type { Spec } from "../spec/types.ts";
import { RunError, type RunOptions } from "./options.ts";
import type { PreparedImage } from "./root_filesystem.ts";
import type { ByteSink, ByteSource } from "../sandbox/exec/host_stream.ts";
import type { Stdio } from "./stdio.ts";

/** Options that @wasmer/wasi cannot honour. */
function refused(options: RunOptions): string[] {
  const asked: [boolean, string][] = [
    [(options.mounts?.length ?? 0) > 0, "mounts"],
    [options.tty ?? false, "a terminal"],
    [options.readOnly ?? false, "a read-only root"],
    [options.user !== undefined, "a user"],
    [options.memory !== undefined, "a memory limit"],
    [options.pidsLimit !== undefined, "a limit of processes"],
    [options.cpus !== undefined, "a limit of CPU time"],
    [options.timeout !== undefined, "a timeout"],
    [options.hostname !== undefined, "a host name"],
    [options.workdir !== undefined, "a working directory"],
    [options.network !== undefined, "a network"],
  ];
  return asked.filter(([is]) => is).map(([, name]) => name);
}

async function readAll(source: ByteSource): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const buffer = new Uint8Array(65536);
    const n = await source.read(buffer);
    if (n === null) break;
    chunks.push(buffer.subarray(0, n));
  }
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function writeAll(sink: ByteSink, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += sink.writeSync(bytes.subarray(at));
}

/** Runs the image's module. The exit code is the program's, or 134 when it trapped. */
export async function runWithWasmer(
  image: PreparedImage,
  options: RunOptions,
  stdio: Stdio,
): Promise<number> {
  const asked = refused(options);
  if (asked.length > 0) {
    for (const layer of image.layers) layer.shutdown();
    throw new RunError(`--engine wasmer runs one module alone: it has no ${asked.join(", no ")}`, 125);
  }
  const { prepareContainer } = await import("./prepare_container.ts");
  const { sandbox, spec } = prepareContainer(image, options, stdio.stderr);
  try {
    const [module, process] = compileModule(
      sandbox.readFile("/run/umiak/rootfs", spec.process!.args[0]!, 2 ** 30),
      spec,
      image,
    );
    const { init, WASI } = await import("@wasmer/wasi");
    await init();
    const env = Object.fromEntries(
      process.env.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
    );
    const wasi = new WASI({ args: [...process.args], env });
    const input = stdio.stdin ??
      (options.interactive ? { read: (into: Uint8Array) => Deno.stdin.read(into) } : undefined);
    if (input !== undefined) wasi.setStdinBuffer(await readAll(input));
    wasi.instantiate(module, {});
    let code: number;
    try {
      code = wasi.start();
    } catch (error) {
      console.error(`umiak: ${process.args[0]}: ${(error as Error).message ?? error}`);
      code = 134;
    }
    writeAll(stdio.stdout ?? Deno.stdout, wasi.getStdoutBuffer());
    writeAll(stdio.stderr ?? Deno.stderr, wasi.getStderrBuffer());
    return code & 0xff;
  } finally {
    sandbox.shutdown();
  }
}

function compileModule(
  bytes: Uint8Array | undefined,
  spec: Spec,
  image: PreparedImage,
): [WebAssembly.Module, NonNullable<Spec["process"]>] {
  const process = spec.process!;
  if (bytes === undefined) {
    throw new RunError(`${image.name}: executing ${JSON.stringify(process.args[0])}: no such file`, 127);
  }
  try {
    return [new WebAssembly.Module(bytes.slice()), process];
  } catch (error) {
    throw new RunError(
      `${image.name}: executing ${JSON.stringify(process.args[0])}: ${(error as Error).message}`,
      126,
      { cause: error },
    );
  }
}
