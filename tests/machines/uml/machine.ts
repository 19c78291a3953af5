/**
 * A machine of its own for a job: Debian's user-mode-linux, a kernel that is an ordinary process. Its root is this host's, which it cannot change,
 * and it has cgroups of version 2 alone. What it does ends with it.
 * @module
 */
import { repositoryFile } from "../../support/umiak.ts";
import { reasonAgainst } from "../../support/when.ts";
import {
  bundleIn,
  denoDirectory,
  type JobResult,
  PATIENCE_MS,
  quoted,
  repository,
  runMachine,
  writeJob,
} from "../job.ts";

/** Why that kernel does not run here: it comes as far as to miss its root, which takes a second, or it may not trace processes. */
function refusalToBoot(): string | undefined {
  const dir = Deno.makeTempDirSync({ prefix: "umiak-uml-" });
  const { stdout } = new Deno.Command("linux.uml", {
    args: ["mem=64M", "con=null", "con0=fd:0,fd:1", `uml_dir=${dir}`, "root=/dev/none"],
    ...{ stdin: "null", stderr: "null" } as const,
  }).outputSync();
  Deno.removeSync(dir, { recursive: true });
  const said = new TextDecoder().decode(stdout);
  return said.includes("Unable to mount root fs")
    ? undefined
    : `user-mode-linux does not boot: ${said.trim().split("\n").at(-1)}`;
}

/** Why there can be no such machine here; undefined if there can. */
export const WITHOUT_UML: string | undefined = reasonAgainst({ os: ["linux"], tools: ["linux.uml"] }) ??
  refusalToBoot();

/** What a job wants. */
export interface JobOptions {
  /** Modules of the kernel, loaded before. */
  readonly modules?: readonly string[];
  /** Tests of the runtime run a bundle of it: it starts in a quarter of the time, and here that is most of it. */
  readonly bundle?: boolean;
  /** After this long the machine hangs, and is ended. */
  readonly patienceMs?: number;
}

const deno = Deno.execPath();

/** The job: `deno` is on PATH, what it compiles is kept in memory above the host's cache, modules are loaded; then the script. */
function jobOf(script: string, cache: string, modules: readonly string[]): string {
  const layers = `lowerdir=${cache},upperdir=/run/deno/upper,workdir=/run/deno/work`;
  return `mkdir -p /run/bin /run/deno/upper /run/deno/work && ln -s ${quoted(deno)} /run/bin/deno || exit
export PATH="/run/bin:$PATH"
cd ${quoted(repository)} || exit
deno run -A --no-check --no-lock tests/machines/uml/modules.ts ${["overlay", ...modules].join(" ")} || exit
mount -t overlay -o ${quoted(layers)} deno "$DENO_DIR" || exit
${script}
`;
}

/** Runs a script of the shell as root of a new machine with one CPU, in the repository. `deno` is the one that runs this. */
export async function onUml(
  script: string,
  { modules = [], bundle = false, patienceMs = PATIENCE_MS }: JobOptions = {},
): Promise<JobResult> {
  const dir = await Deno.makeTempDir({ prefix: "umiak-uml-" });
  try {
    const cache = denoDirectory();
    await Deno.mkdir(`${dir}/out`);
    await writeJob(dir, jobOf(script, cache, modules), {
      DENO_DIR: cache,
      ...bundle ? { UMIAK_TEST_RUNTIME: await bundleIn(dir) } : {},
    });
    await Deno.copyFile(repositoryFile("tests/machines/uml/init.sh"), `${dir}/init`);
    await Deno.chmod(`${dir}/init`, 0o755);
    // What the machine's tmpfs on /tmp may hide.
    const paths = [repository, cache, deno.replace(/\/[^/]*$/, "")].map((path) => `${path}\n`).join("");
    await Deno.writeTextFile(`${dir}/paths`, paths);
    const args = [
      ...["mem=1536M", "rootfstype=hostfs", "root=/dev/root", "rootflags=/", "ro", "quiet"],
      ...["con=null", "con0=null,fd:1", `uml_dir=${dir}/`, `umid=machine`],
      ...[`init=${dir}/init`, `umiak_dir=${dir}`],
    ];
    return await runMachine("linux.uml", { args, env: { TMPDIR: dir } }, dir, patienceMs);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
