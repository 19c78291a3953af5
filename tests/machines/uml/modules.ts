/** Loads modules of this kernel by name, with what they need: a user-mode Linux has no modprobe. @module */
import { EEXIST } from "../../../fs/abi/errno.ts";
import { errnoText } from "../../../fs/abi/errno_text.ts";
import { syscallTable } from "../../../runtime/abi/linux/syscall_table.ts";

const directory = `/usr/lib/uml/modules/${Deno.osRelease()}`;

const { syscall, __errno_location: errnoLocation } = Deno.dlopen("libc.so.6", {
  syscall: { parameters: ["i64", "buffer", "usize", "buffer"], result: "i64" },
  __errno_location: { parameters: [], result: "pointer" },
}).symbols;

/** What a module needs, the last first, as depmod(8) has written it. */
const needs = new Map(
  Deno.readTextFileSync(`${directory}/modules.dep`).trim().split("\n").map((line) => {
    const [module = "", rest = ""] = line.split(":");
    return [module, rest.split(" ").filter(Boolean)];
  }),
);

function load(module: string): void {
  const image = Deno.readFileSync(`${directory}/${module}`);
  const number = BigInt(syscallTable("x86_64").get("init_module")!);
  if (syscall(number, image, BigInt(image.length), new Uint8Array(1)) === 0n) return;
  const errno = new Deno.UnsafePointerView(errnoLocation()!).getInt32();
  if (errno !== EEXIST) throw new Error(`loading module ${module}: ${errnoText(errno)}`);
}

for (const name of Deno.args) {
  const module = [...needs.keys()].find((path) => path.endsWith(`/${name}.ko`));
  if (module === undefined) throw new Error(`loading module ${name}: it is not in ${directory}`);
  for (const each of [...needs.get(module)!.toReversed(), module]) load(each);
}
