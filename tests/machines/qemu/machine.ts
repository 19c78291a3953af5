/**
 * Machines of qemu's with Debian's kernel, which has what this host's may not have: AppArmor, all controllers of version 2, another architecture. Every
 * instruction is emulated. Directories are shared with the machine; what it writes to its root is gone with it.
 * @module
 */
import { exists } from "../../support/exists.ts";
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

/** What is different between architectures. */
const MACHINES = {
  x86_64: {
    program: "qemu-system-x86_64",
    args: ["-M", "pc", "-cpu", "max"],
    console: "ttyS0",
    root: () => "/",
  },
  aarch64: {
    program: "qemu-system-aarch64",
    args: ["-M", "virt", "-cpu", "max,pauth-impdef=on"],
    console: "ttyAMA0",
    root: (fetched: string) => `${fetched}/root`,
  },
} as const;

/** An architecture, as uname(2) names it. */
export type Emulated = keyof typeof MACHINES;

/** What fetch.sh has fetched. */
const fetchedFor = (architecture: Emulated): string => repositoryFile(`.umiak/qemu/${architecture}`);

/** Why there can be no such machine here; undefined if there can. */
export const withoutQemu = (architecture: Emulated): string | undefined =>
  reasonAgainst({ os: ["linux"], root: true, tools: [MACHINES[architecture].program] }) ??
    (exists(`${fetchedFor(architecture)}/initrd`)
      ? undefined
      : `needs what tests/machines/qemu/fetch.sh ${architecture} .umiak/qemu/${architecture} fetches`);

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Packages of Deno's cache are there, and what it compiles is kept in memory. */
const denoSteps = (cache: string): string =>
  `mkdir -p /run/bin /run/deno && ln -s ${quoted(`${cache}/npm`)} /run/deno/npm
[ ! -x ${quoted(Deno.execPath())} ] || ln -s ${quoted(Deno.execPath())} /run/bin/deno
export PATH="/run/bin:$PATH" DENO_DIR=/run/deno
cd ${quoted(repository)} || exit`;

/** Runs a script of the shell as root of a new machine, in the repository, with umiak-runtime bundled. Without a network. */
export async function onQemu(
  architecture: Emulated,
  script: string,
  { patienceMs = PATIENCE_MS }: { readonly patienceMs?: number } = {},
): Promise<JobResult> {
  const { program, args, console, root } = MACHINES[architecture], fetched = fetchedFor(architecture);
  const dir = await Deno.makeTempDir({ prefix: "umiak-qemu-" });
  try {
    await Deno.mkdir(`${dir}/out`);
    const cache = denoDirectory(), own = architecture === Deno.build.arch;
    const shares: Record<string, string> = {
      ...{ repository, cache },
      ...own ? { deno: Deno.execPath().replace(/\/[^/]*$/, "") } : {},
    };
    const environment = { PATH, UMIAK_TEST_RUNTIME: await bundleIn(dir) };
    await writeJob(dir, `${denoSteps(cache)}\n${script}\n`, environment);
    const lines = Object.entries(shares).map(([name, path]) => `${name} ${path}\n`).join("");
    await Deno.writeTextFile(`${dir}/shares`, lines);
    await Deno.writeTextFile(`${dir}/start`, "export PATH=/usr/sbin:/usr/bin\n. /mnt/system.sh\n");
    await Deno.writeTextFile(`${dir}/disk`, "");
    await Deno.truncate(`${dir}/disk`, 1 << 26);
    const shared = (name: string, path: string, more: string): string[] => [
      "-virtfs",
      `local,path=${path},mount_tag=${name},security_model=none,multidevs=remap${more}`,
    ];
    const options = [
      ...[...args, "-accel", "tcg,thread=multi", "-smp", "2", "-m", "3G", "-nographic", "-no-reboot"],
      ...["-nic", "none", "-kernel", `${fetched}/vmlinuz`, "-initrd", `${fetched}/initrd`],
      ...["-append", `console=${console} quiet panic=-1 hugepages=16`],
      ...["-device", "virtio-scsi-pci", "-device", "scsi-hd,drive=disk"],
      ...["-drive", `file=${dir}/disk,format=raw,if=none,id=disk`],
      ...shared("root", root(fetched), ",readonly=on"),
      ...shared("job", dir, ""),
      ...Object.entries(shares).flatMap(([name, path]) => shared(name, path, ",readonly=on")),
    ];
    return await runMachine(program, { args: options }, dir, patienceMs);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
