import assert from "node:assert/strict";
import { EINVAL, ENOSYS, EPERM } from "../../../fs/abi/errno.ts";
import { syscallTable } from "../../abi/linux/syscall_table.ts";
import { generateFilter } from "../../native/seccomp/generate.ts";
import { simulate } from "../../native/seccomp/testing/simulate.ts";
import { defaultFilter } from "./default_filter.ts";

const ALLOW = 0x7fff0000, ERRNO = 0x00050000;
const X86_64 = { arch: 0xc000003e, table: "x86_64" as const },
  I386 = { arch: 0x40000003, table: "i386" as const };
const PROGRAM = generateFilter(defaultFilter("x86_64"), "x86_64");

function verdict(
  name: string,
  args: bigint[] = [],
  { arch, table } = X86_64 as { arch: number; table: "x86_64" | "i386" },
): string {
  const { ret } = simulate(PROGRAM, {
    nr: syscallTable(table).get(name)!,
    arch,
    args: [...args, 0n, 0n, 0n],
  });
  if (ret === ALLOW) return "allow";
  return ret >>> 16 === ERRNO >>> 16 ? String(ret & 0xffff) : ret.toString(16);
}

Deno.test("the default filter lets programs do what they need, on both of a machine's sizes", () => {
  for (
    const name of "read write openat execve mmap futex clone wait4 kill chroot mknod statx ptrace nice".split(
      " ",
    )
  ) {
    assert.equal(verdict(name), "allow", name);
    assert.equal(verdict(name, [], I386), "allow", `${name} of i386`);
  }
});

Deno.test("the default filter refuses what reaches beyond the container", () => {
  const refused =
    "mount umount2 pivot_root fsopen move_mount open_tree unshare setns bpf init_module kexec_load add_key keyctl " +
    "perf_event_open io_uring_setup clock_settime reboot swapon open_by_handle_at userfaultfd quotactl";
  for (const name of refused.split(" ")) assert.equal(verdict(name), String(EPERM), name);
  assert.equal(verdict("vserver"), String(ENOSYS));
  const { ret } = simulate(PROGRAM, { nr: 100_000, arch: X86_64.arch, args: [0n, 0n, 0n] });
  assert.equal(ret, ERRNO | ENOSYS); // of a kernel to come
});

Deno.test("the default filter looks at what clone, personality and socket are asked", () => {
  const CLONE_NEWUSER = 0x10000000n, CLONE_THREAD = 0x10000n;
  assert.equal(verdict("clone", [CLONE_THREAD]), "allow");
  assert.equal(verdict("clone", [CLONE_THREAD | CLONE_NEWUSER]), String(EPERM));
  assert.equal(verdict("clone3"), String(ENOSYS)); // the C library falls back to clone
  assert.equal(verdict("personality", [0xffffffffn]), "allow");
  assert.equal(verdict("personality", [0x0040000n]), String(EPERM)); // ADDR_NO_RANDOMIZE
  for (const family of [1n, 2n, 10n, 16n, 17n]) assert.equal(verdict("socket", [family, 1n, 0n]), "allow");
  assert.equal(verdict("socket", [40n]), String(EINVAL));
  assert.equal(verdict("socket", [16n, 3n, 9n]), String(EINVAL));
});
