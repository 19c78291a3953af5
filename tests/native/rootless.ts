/** Containers of an ordinary user. @module */
import { type Bench, runtimeCommand } from "../runtime/support.ts";
import { unreadableSources } from "../support/ordinary_user.ts";
import { reasonAgainst } from "../support/when.ts";
import { type Config, NATIVE } from "./support.ts";

/** An ordinary user: any will do. */
export const USER = 1500;
/** The words before a command that it is to run. */
export const AS_USER = [
  "setpriv",
  `--reuid=${USER}`,
  `--regid=${USER}`,
  "--clear-groups",
  "--inh-caps=-all",
  "--bounding-set=-all",
];

/** Why ordinary users cannot have containers here. */
export function missing(): string | undefined {
  const reason = reasonAgainst({ ...NATIVE, tools: ["setpriv", "unshare", "test"] });
  if (reason !== undefined) return reason;
  const succeeds = (...words: string[]): boolean =>
    new Deno.Command(AS_USER[0]!, { args: [...AS_USER.slice(1), ...words], stdout: "null", stderr: "null" })
      .outputSync().success;
  if (!succeeds("unshare", "--user", "--mount", "true")) return "needs user namespaces for ordinary users";
  return unreadableSources(AS_USER);
}

/** What `runc spec --rootless` changes. */
export function rootless(config: Config): void {
  config.linux.namespaces = ["user", "pid", "ipc", "uts", "mount", "cgroup"].map((type) => ({ type }));
  config.linux.uidMappings = config.linux.gidMappings = [{ containerID: 0, hostID: USER, size: 1 }];
  delete config.linux.resources;
  delete config.linux.cgroupsPath;
  config.mounts = config.mounts.filter(({ type }: { type: string }) => type !== "cgroup");
  for (const mount of config.mounts) {
    mount.options = mount.options.filter((option: string) => !option.startsWith("gid="));
    if (mount.type === "sysfs") {
      Object.assign(mount, {
        type: "none",
        source: "/sys",
        options: ["rbind", "nosuid", "noexec", "nodev", "ro"],
      });
    }
  }
}

/** Runs umiak-runtime as that user, with a state directory of its own. Output and errors are one text. */
export async function callAsUser(bench: Bench, ...args: string[]): Promise<{ code: number; said: string }> {
  const words = runtimeCommand(`${bench.dir}/own`).slice(1);
  const out = `${bench.dir}/out`;
  const { code } = await new Deno.Command("sh", {
    args: [
      // Where Deno is need not be open to others: its descriptor is.
      ...["-c", `exec "$@" 9<'${Deno.execPath()}' </dev/null >'${out}' 2>&1`, "sh"],
      ...[...AS_USER, "/proc/self/fd/9", ...words, ...args],
    ],
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH")!, HOME: bench.dir, DENO_DIR: `${bench.dir}/cache` },
    cwd: "/",
  }).output();
  return { code, said: await Deno.readTextFile(out) };
}
