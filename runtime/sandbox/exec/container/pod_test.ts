import assert from "node:assert/strict";
import { identify } from "../../../lifecycle/host/processes.ts";
import { decodeSpec } from "../../../spec/decode.ts";
import type { Spec } from "../../../spec/types.ts";
import { podOf } from "./pod.ts";

/** A directory of state that says that `init` is a container. */
function state(directory: string, init: { pid: number; startTime: string }, more: object = {}): string {
  Deno.mkdirSync(directory, { recursive: true });
  const record = {
    ...{
      id: directory.split("/").at(-1),
      ociVersion: "1.3.0",
      bundle: "/b",
      rootfs: "/b/r",
      annotations: {},
    },
    ...{
      backend: "sandbox",
      created: "",
      owner: 0,
      complete: true,
      startable: true,
      hooks: [],
      data: {},
      init,
    },
    ...more,
  };
  Deno.writeTextFileSync(`${directory}/state.json`, JSON.stringify(record));
  return directory;
}

const joining = (paths: Record<string, string | undefined>): Spec =>
  decodeSpec({
    ociVersion: "1.3.0",
    root: { path: "r" },
    process: { cwd: "/", args: ["/x"] },
    linux: {
      namespaces: [
        { type: "mount" },
        ...Object.entries(paths).map(([type, path]) => ({ type, ...path === undefined ? {} : { path } })),
      ],
    },
  });

function withState(f: (root: string) => void): void {
  const root = Deno.makeTempDirSync({ prefix: "umiak-pod-" });
  try {
    f(root);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

const net = (pid: number): string => `/proc/${pid}/ns/net`;

Deno.test("a path that is no process of a container on the userland kernel means no pod", () =>
  withState((root) => {
    const own = `${root}/own`;
    const me = identify(Deno.pid);
    state(`${root}/old`, { ...me, startTime: "1" }); // an earlier process of the same number
    state(`${root}/native`, me, { backend: "native" });
    state(own, me);
    Deno.mkdirSync(`${root}/broken`);
    Deno.writeTextFileSync(`${root}/broken/state.json`, "{");
    for (
      const path of [undefined, net(Deno.pid), "/proc/self/ns/net", "/run/netns/x", `${net(Deno.pid)}/x`]
    ) {
      assert.equal(podOf(joining({ network: path }), own), undefined, path);
    }
  }));

Deno.test("a container is hosted by the process of the one it joins, or where that one is hosted", () =>
  withState((root) => {
    const first = state(`${root}/first`, identify(Deno.pid), { data: { sockets: "/short" } });
    const path = net(Deno.pid);
    const pod = {
      directory: first,
      control: "/short/control.sock",
      joined: { network: { directory: first, file: "net" } },
    };
    assert.deepEqual(podOf(joining({ network: path, pid: undefined }), `${root}/own`), pod);
    const member = state(`${root}/member`, identify(Deno.ppid), { data: { pod: first } });
    const joined = { network: { directory: member, file: "net" }, uts: { directory: first, file: "uts" } };
    const spec = joining({ network: net(Deno.ppid), uts: `/proc/${Deno.pid}/ns/uts` });
    assert.deepEqual(podOf(spec, `${root}/own`), { ...pod, joined });
    Deno.removeSync(first, { recursive: true });
    assert.throws(
      () => podOf(joining({ network: net(Deno.ppid) }), `${root}/own`),
      /the container whose process hosts it has gone/,
    );
  }));

Deno.test("what cannot be joined together is an error that names the path", () =>
  withState((root) => {
    const own = `${root}/own`, here = `/proc/${Deno.pid}/ns`, there = `/proc/${Deno.ppid}/ns`;
    state(`${root}/first`, identify(Deno.pid));
    state(`${root}/second`, identify(Deno.ppid));
    const refused = (paths: Record<string, string>, message: RegExp): void =>
      assert.throws(() => podOf(joining(paths), own), message);
    refused(
      { network: `${here}/net`, ipc: `${there}/ipc` },
      RegExp(`ipc namespace ${there}/ipc: it is one of another pod`),
    );
    refused(
      { network: "/run/netns/x", ipc: `${here}/ipc` },
      /network namespace \/run\/netns\/x: it is a namespace of the host/,
    );
    const mount = joining({});
    const spec = {
      ...mount,
      linux: { ...mount.linux, namespaces: [{ type: "mount", path: `${here}/mnt` } as const] },
    };
    assert.throws(() => podOf(spec, own), /mount namespace .*root filesystem is not in that namespace/);
  }));
