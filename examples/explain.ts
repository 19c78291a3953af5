/** What a configuration means: the system calls that make a container of it. @module */
import { compileSpec, decodeSpec, printProgram } from "../runtime/mod.ts";

const spec = decodeSpec({
  ociVersion: "1.2.0",
  root: { path: "rootfs", readonly: true },
  process: { cwd: "/", args: ["/bin/hello"], user: { uid: 1000, gid: 1000 } },
  hostname: "example",
  mounts: [{ destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] }],
  linux: { namespaces: [{ type: "mount" }, { type: "uts" }, { type: "pid" }] },
});
console.log(printProgram(compileSpec(spec, { rootfs: "/bundle/rootfs" })));
