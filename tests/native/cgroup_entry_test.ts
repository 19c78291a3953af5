import assert from "node:assert/strict";
import { O_DIRECTORY } from "../../fs/abi/open.ts";
import { readHost } from "../../runtime/native/cgroups/hosts.ts";
import { spawnIn } from "../../runtime/native/container/cgroup_entry.ts";
import { type Descriptor, makePipe, openPath, whileOpen } from "../../runtime/native/ffi/descriptors.ts";
import { thisMachine } from "../../runtime/native/ffi/kernel.ts";
import { makeProgramFile } from "../../runtime/native/ffi/program_file.ts";
import { waitNow } from "../../runtime/native/ffi/wait.ts";
import { awaitByte, FATAL_STEPS } from "../../runtime/native/program/protocol.ts";
import { compileTable } from "../../runtime/native/table/compile_table.ts";
import { testWhen } from "../support/when.ts";
import { NATIVE } from "./support.ts";

const second = NATIVE.missing === undefined && Deno.build.os === "linux"
  ? readHost().hierarchies.find(({ version, own }) => version === 2 && own !== undefined)
  : undefined;

/** Starts a process that waits, in what is open. Its line of version 2 in /proc/PID/cgroup, and whether it began there. */
function begin(cgroup: Descriptor): { place: string; inside: boolean } {
  return whileOpen((own) => {
    const [waiting, go] = makePipe("waiting").map(own) as [Descriptor, Descriptor];
    const end = { native: "exit_group", args: [0], what: "ending" } as const;
    const table = compileTable(
      [...awaitByte(waiting.fd, "end"), end],
      FATAL_STEPS,
      thisMachine().architecture,
    );
    const file = own(makeProgramFile(table, "/tmp"));
    const { child, inside } = spawnIn({ second: cgroup }, {
      ...{ file, name: "umiak-test", cloneFlags: 0, descriptors: [waiting.fd] },
    });
    const lines = Deno.readTextFileSync(`/proc/${child.pid}/cgroup`).split("\n");
    go.close();
    waitNow(child.pidfd.fd);
    child.pidfd.close();
    return { place: lines.find((line) => line.startsWith("0::")) ?? "", inside };
  });
}

testWhen(
  {
    ...NATIVE,
    missing: NATIVE.missing ?? (second === undefined ? "needs a cgroup of version 2" : undefined),
  },
  "spawnIn(): a process begins in its cgroup; where it cannot, it is put there later",
  () => {
    const directory = `${second!.mountPoint}${
      second!.own === "/" ? "" : second!.own
    }/umiak-first-${Deno.pid}`;
    Deno.mkdirSync(directory);
    try {
      whileOpen((own) => {
        const { place, inside } = begin(own(openPath(directory, O_DIRECTORY, "opening the cgroup")));
        assert.deepEqual([inside, place.endsWith(`/umiak-first-${Deno.pid}`)], [true, true], place);
        const other = begin(own(openPath("/tmp", O_DIRECTORY, "opening no cgroup")));
        assert.deepEqual([other.inside, other.place.includes("umiak-first")], [false, false], other.place);
      });
    } finally {
      Deno.removeSync(directory);
    }
    return Promise.resolve();
  },
);
