/** Images of Debian's static busybox, and umiak running them. @module */
import assert from "node:assert/strict";
import { dir, file, layerOf, link, symlink } from "../../image/store/testing/trees.ts";
import type { LayerEntry } from "../../image/layer/tar_stream.ts";
import { WITH_BUSYBOX } from "../native/busybox.ts";
import { layoutOf } from "../support/layouts.ts";
import { type Outcome, umiak, withDirectory } from "../support/umiak.ts";
import { reasonAgainst } from "../support/when.ts";

type Entry = LayerEntry & { readonly content?: Uint8Array };

/** Root on Linux with a static busybox. */
export const AS_ROOT = WITH_BUSYBOX;
/** The same for ordinary users: whoever runs the test is root, and becomes one. */
export const WITH_USER = {
  ...WITH_BUSYBOX,
  tools: ["setpriv", "unshare", "mount"],
  missing: reasonAgainst(WITH_BUSYBOX),
};

/** This machine's processor as images call it. */
export const ARCHITECTURE = Deno.build.arch === "x86_64" ? "amd64" : "arm64";

const PROGRAMS =
  "sh cat cp ls echo sleep true false stat grep readlink mkdir rmdir ln rm mv touch id env tty stty kill pwd head wc ps hostname mount umount test trap nc ip ping chown chmod mknod"
    .split(" ");

/** The lowest layer of every image. */
export function baseEntries(): Entry[] {
  return [
    ...["bin", "etc", "opt", "opt/a", "opt/b", "root", "tmp", "data"].map((name) => dir(name)),
    file("bin/busybox", Deno.readFileSync("/bin/busybox"), { mode: 0o755 }),
    ...PROGRAMS.map((name) => symlink(`bin/${name}`, "busybox")),
    file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1001:u:/home/user:/bin/sh\n"),
    file("etc/group", "root:x:0:\nuser:x:1001:\nmore:x:1002:user\n"),
    file("opt/a/one", "one\n"),
    link("opt/a/hard", "opt/a/one"),
    file("opt/a/two", "two\n", { uid: 1000, gid: 1001 }),
    file("opt/b/lower", "lower\n"),
    file("opt/gone", "gone\n"),
    file("data/kept", "kept\n", { mode: 0o600 }),
  ];
}

/** What the second layer changes: a file and a directory's content are hidden, one file is replaced, one is new. */
export function secondEntries(): Entry[] {
  return [
    file("opt/.wh.gone"),
    file("opt/b/.wh..wh..opq"),
    file("opt/b/upper", "upper\n"),
    file("opt/a/two", "2\n"),
  ];
}

/** Writes an image as an OCI layout; its reference. */
export async function makeImage(
  path: string,
  layers: readonly (readonly Entry[])[] = [baseEntries(), secondEntries()],
  config: Record<string, unknown> = {},
  architecture = ARCHITECTURE,
): Promise<string> {
  const made = [];
  for (const entries of layers) made.push(await layerOf(entries));
  const whole = { Cmd: ["sh", "-c", "cat /opt/a/one"], Env: ["FOO=bar"], ...config };
  await layoutOf(path, made, whole, architecture);
  return `oci:${path}:v1`;
}

/** A directory with a store, an image in a layout, and umiak to run it. */
export class Place {
  constructor(readonly dir: string, readonly image: string) {}

  /** Where the store is. */
  get store(): string {
    return `${this.dir}/store`;
  }
  /** Environment of umiak. */
  get env(): Record<string, string> {
    return { UMIAK_ROOT: this.store, HOME: this.dir };
  }

  /** `umiak run` with options and the words after the image. */
  async run(options: readonly string[], words: readonly string[], stdin = ""): Promise<Outcome> {
    return await umiak(["run", ...options, this.image, ...words], { env: this.env, stdin });
  }
  /** What a script says, which must succeed. */
  async says(script: string, ...options: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(["--network", "none", ...options], ["sh", "-c", script]);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  /** Names of what is left of containers. */
  left(): string[] {
    return Array.from(Deno.readDirSync(`${this.store}/containers`), ({ name }) => name);
  }
  /** Names of extracted layers, and of those that are not finished. */
  trees(): string[] {
    return Array.from(Deno.readDirSync(`${this.store}/trees`), ({ name }) => name).filter((name) =>
      name !== "lock"
    );
  }
}

/** Runs `f` with a place that is gone afterwards. */
export async function withPlace(
  f: (place: Place) => Promise<void>,
  image: (path: string) => Promise<string> = (path) => makeImage(path),
): Promise<void> {
  await withDirectory(async (dir) => f(new Place(dir, await image(`${dir}/image`))));
}
