/** Bundles of cases: the base configuration, a case's change of it, and the probe in the root filesystem. @module */
import type { Case, Json, Rootfs } from "./types.ts";

const CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

/** What every case begins with: much of what `runc spec` writes. */
export const BASE: Json = {
  ociVersion: "1.0.2",
  root: { path: "rootfs" },
  process: {
    user: { uid: 0, gid: 0 },
    args: ["/probe"],
    env: ["PATH=/bin:/"],
    cwd: "/",
    capabilities: {
      ...{ bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
    },
    noNewPrivileges: true,
  },
  mounts: [
    { destination: "/proc", type: "proc", source: "proc" },
    {
      ...{ destination: "/dev", type: "tmpfs", source: "tmpfs" },
      options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
      ...{ destination: "/dev/pts", type: "devpts", source: "devpts" },
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
    },
    {
      ...{ destination: "/dev/shm", type: "tmpfs", source: "shm" },
      options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
    },
    { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
  ],
  linux: {
    namespaces: [
      ...[{ type: "pid" }, { type: "network" }, { type: "ipc" }, { type: "uts" }, { type: "mount" }],
    ],
  },
};

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** A copy of `target` in which the list at `path` ends with `items`. */
function appended(target: unknown, [key, ...rest]: readonly string[], items: readonly unknown[]): unknown {
  if (key === undefined) return [...(target as unknown[] | undefined) ?? [], ...items];
  const object = (target ?? {}) as Json;
  return { ...object, [key]: appended(object[key], rest, items) };
}

/** Puts what stands for "${name}" into all texts of a value. */
export function fill<T>(value: T, names: Readonly<Record<string, string>>): T {
  if (typeof value === "string") {
    return value.replace(/\$\{(\w+)\}/g, (whole, name) => names[name] ?? whole) as T;
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, names)) as T;
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [fill(key, names), fill(item, names)]),
  ) as T;
}

/** The text of a case's config.json. */
export function configOf(test: Case): string {
  if (test.text !== undefined) return test.text;
  let config = mergePatch(BASE, test.config ?? {});
  for (const [path, items] of Object.entries(test.add ?? {})) {
    config = appended(config, path.split("."), items);
  }
  if (test.probe !== undefined) {
    const { process } = config as { process: { args: string[] } };
    config = mergePatch(config, { process: { args: [...process.args, ...test.probe] } });
  }
  return JSON.stringify(config, null, 1);
}

async function makeTree(dir: string, tree: Rootfs): Promise<void> {
  for (const [path, content] of Object.entries(tree)) {
    const at = `${dir}/${path}`;
    await Deno.mkdir(content === null ? at : at.slice(0, at.lastIndexOf("/")), { recursive: true });
    if (typeof content === "string") await Deno.writeTextFile(at, content);
    else if (content !== null) await Deno.symlink(content.link, at);
  }
}

/** Makes a bundle in an empty directory. */
export async function writeBundle(
  dir: string,
  test: Case,
  probe: string,
  names: Readonly<Record<string, string>>,
): Promise<string> {
  await Deno.mkdir(`${dir}/rootfs`, { recursive: true, mode: 0o755 });
  await makeTree(`${dir}/rootfs`, {
    ...Object.fromEntries(["proc", "sys", "dev", "etc", "tmp"].map((name) => [name, null])),
    ...fill(test.rootfs ?? {}, names),
  });
  await makeTree(dir, fill(test.bundle ?? {}, names));
  await Deno.copyFile(probe, `${dir}/rootfs/probe`);
  await Deno.chmod(`${dir}/rootfs/probe`, 0o755);
  const config = fill(configOf(test), names);
  await Deno.writeTextFile(`${dir}/config.json`, config);
  return config;
}
