import assert from "node:assert/strict";
import { TmpfsSuper } from "../../../../fs/tmpfs/mod.ts";
import { Files } from "../../../../fs/testing/files.ts";
import { decodeSpec } from "../../../spec/decode.ts";
import type { Spec } from "../../../spec/types.ts";
import type { Cgroup } from "../../kernel/cgroup/group.ts";
import { Kernel } from "../../kernel/kernel.ts";
import { clone } from "../../kernel/task_clone.ts";
import type { Task } from "../../kernel/task.ts";
import { Sandbox } from "../sandbox.ts";
import { leaveKernel, Pod, type PodContainer, tasksIn } from "./pod.ts";

const specOf = (namespaces: readonly object[], limit?: number): Spec =>
  decodeSpec({
    ociVersion: "1.3.0",
    root: { path: "r" },
    process: { cwd: "/", args: ["/x"] },
    linux: { namespaces, ...limit === undefined ? {} : { resources: { memory: { limit } } } },
  });

/** A container of the pod with a process in a control group of its own. */
function add(
  pod: Pod,
  kernel: Kernel,
  directory: string,
  spec: Spec,
): PodContainer & { init: Task; group: Cgroup } {
  const group = kernel.cgroups.root.mkdir(directory.slice(1), 0o755, 0, 0) as Cgroup;
  const init = kernel.spawn();
  assert.equal(group.attach(init, kernel.swapper.cred), 0);
  const container = { directory, spec, init, group, say() {} };
  pod.containers.add(container);
  return container;
}

const OWN = [{ type: "mount" }];

Deno.test("processes belong to the container whose control group they are in, whatever has made them; the rest to the first", () => {
  const pod = new Pod(), kernel = new Kernel();
  const first = add(pod, kernel, "/first", specOf(OWN, 1000)), member = add(pod, kernel, "/m", specOf(OWN));
  const child = clone(member.init, { flags: 0 }) as Task, stray = kernel.spawn();
  assert.deepEqual(pod.tasksOf(member), [member.init, child]);
  assert.deepEqual(pod.tasksOf(first), [first.init, stray]);
  assert.deepEqual([first.init, stray, child].map((task) => pod.memoryLimitOf(task)), [1000, 1000, 0]);
});

Deno.test("a process in a group below another container's is the nearer one's; what leaves takes its own along and nothing else", async () => {
  const pod = new Pod(), sandbox = pod.sandbox = new Sandbox({ trees: [], diagnose() {} });
  const { kernel } = sandbox;
  const outer = add(pod, kernel, "/outer", specOf(OWN));
  const group = outer.group.mkdir("inner", 0o755, 0, 0) as Cgroup,
    init = kernel.spawn(),
    stray = kernel.spawn();
  assert.equal(outer.group.attach(init, kernel.swapper.cred), 0);
  assert.equal(group.attach(init, kernel.swapper.cred), 0);
  const inner = { directory: "/inner", spec: specOf(OWN), init, group, say() {} };
  pod.containers.add(inner);
  assert.deepEqual([pod.ownerOf(init), pod.ownerOf(outer.init)], [inner, outer]);
  assert.deepEqual([tasksIn(pod, outer), tasksIn(pod, inner)], [[outer.init], [init]]);
  const files = new Files(kernel.swapper), trees = [{ path: "/places/inner/root", sb: new TmpfsSuper() }];
  files.mkdir("/places");
  files.write("/places/other", "");
  sandbox.show(trees);
  await leaveKernel(pod, inner, trees);
  assert.deepEqual(files.list("/places"), ["other"]);
  assert.throws(() => files.list("/sys/fs/cgroup/outer/inner"), /ENOENT/);
  assert.deepEqual([init.dying, outer.init.dying, stray.dying], [true, false, false]);
  assert.deepEqual([[...pod.containers], group.removed], [[outer], true]);
  sandbox.shutdown();
});

Deno.test("paths of namespaces are those of the kernel; what has ended, and what needs a mount namespace, is an error", () => {
  const pod = new Pod(), kernel = new Kernel();
  const first = add(pod, kernel, "/first", specOf(OWN));
  const spec = specOf([...OWN, { type: "network", path: "/proc/4711/ns/net" }, { type: "ipc" }]);
  const joined = { network: { directory: "/first", file: "net" } };
  assert.deepEqual(pod.namespacesOf(spec, joined), [
    { type: "mount" },
    { type: "network", path: `/proc/${first.init.pid}/ns/net` },
    { type: "ipc" },
  ]);
  assert.throws(
    () => pod.namespacesOf(spec, {}),
    /network namespace \/proc\/4711\/ns\/net: it is not the pod's/,
  );
  const gone = { network: { directory: "/gone", file: "net" } };
  assert.throws(() => pod.namespacesOf(spec, gone), /network namespace of container \/gone: it has ended/);
  assert.throws(() => pod.namespacesOf(specOf([]), {}), /need a mount namespace each/);
  assert.notEqual(pod.nextPlace(), pod.nextPlace());
});

Deno.test("unmountHost() takes away what mountHost() has shown, and nothing else", () => {
  const kernel = new Kernel(), files = new Files(kernel.swapper);
  kernel.mountHost("/a", new TmpfsSuper({ mode: 0o755 }));
  kernel.mountHost("/b/c", new TmpfsSuper({ mode: 0o755 }));
  files.write("/a/kept", "1");
  files.write("/b/c/gone", "1");
  for (let i = 0; i < 2; i++) {
    kernel.unmountHost("/b/c");
    kernel.unmountHost("/nowhere");
  }
  assert.deepEqual([files.text("/a/kept"), files.list("/b/c")], ["1", []]);
});
