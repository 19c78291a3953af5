/** Which kernel a bundle is for. @module */
import assert from "node:assert/strict";
import { LifecycleError } from "../lifecycle/error.ts";
import { decodeSpec } from "../spec/decode.ts";
import { chooseBackend } from "./choose_backend.ts";

const MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Asks for a program in a root filesystem with two modules, a script, and links. */
async function choose(
  args: string[],
  annotations: Record<string, string> = {},
  env: string[] = [],
  mounts: unknown[] = [],
): Promise<string> {
  const rootfs = await Deno.makeTempDir({ prefix: "umiak-test-" });
  try {
    await Deno.mkdir(`${rootfs}/usr/bin`, { recursive: true });
    await Deno.writeFile(`${rootfs}/app.wasm`, MODULE);
    await Deno.writeFile(`${rootfs}/usr/bin/tool`, MODULE);
    await Deno.writeTextFile(`${rootfs}/script`, "#!/bin/sh\n");
    if (Deno.build.os !== "windows") {
      await Deno.symlink("/usr/bin", `${rootfs}/bin`);
      await Deno.symlink("../../../../etc/passwd", `${rootfs}/out`);
    }
    const process = { cwd: "/", args, env };
    await Deno.mkdir(`${rootfs}/bound`);
    await Deno.writeFile(`${rootfs}/bound/in.wasm`, MODULE);
    await Deno.writeTextFile(`${rootfs}/bound/native`, "\x7fELF");
    return chooseBackend(
      "c",
      decodeSpec({ ociVersion: "1.3.0", root: { path: "r" }, process, annotations, mounts }),
      rootfs,
      rootfs,
    );
  } finally {
    await Deno.remove(rootfs, { recursive: true });
  }
}

const refused = (work: Promise<string>, message: RegExp): Promise<void> =>
  assert.rejects(work, (error) => error instanceof LifecycleError && message.test(error.message));

Deno.test("a program that is a module, found as execvp finds it in the root filesystem", async () => {
  assert.equal(await choose(["/app.wasm"]), "sandbox");
  assert.equal(await choose(["./app.wasm"]), "sandbox");
  assert.equal(await choose(["tool"]), "sandbox");
  assert.equal(await choose(["app.wasm"], {}, ["PATH=/nowhere:/"]), "sandbox");
});

Deno.test({
  name: "links lead nowhere but inside the root filesystem",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    assert.equal(await choose(["/bin/tool"]), "sandbox");
    await refused(choose(["/out"]), /"\/out": no such file or directory/);
  },
});

Deno.test("annotations say it first: crun's, containerd's, the image's platform", async () => {
  for (
    const annotations of [
      { "run.oci.handler": "wasm" },
      { "module.wasm.image/variant": "compat" },
      { "org.opencontainers.image.architecture": "wasm" },
      { "org.opencontainers.image.os": "wasip1" },
    ]
  ) assert.equal(await choose(["/script"], annotations as unknown as Record<string, string>), "sandbox");
  assert.equal(await choose(["/x.wasm"], { "run.oci.handler": "wasm-smart" }), "sandbox");
  await refused(choose(["/app.wasm"], { "run.oci.handler": "krun" }), /there is no handler "krun"/);
  await refused(
    choose(["/app.wasm"], { "org.opencontainers.image.os": "wasip2" }),
    /components are not supported/,
  );
});

Deno.test("what is not there is said to be missing, in the words that callers look for", async () => {
  await refused(choose(["/none"]), /executing "\/none": no such file or directory/);
  await refused(
    choose(["none"], {}, ["PATH=/x"]),
    /executing "none": executable file not found in \$PATH \(\/x\)/,
  );
  const mounts = [{ destination: "/etc/hosts", type: "bind", source: "bound/native" }];
  await refused(choose(["/none"], {}, [], mounts), /no such file or directory/);
});

Deno.test("a program in a bind mount is looked at where it comes from", async () => {
  const mounts = [{ destination: "/data/", type: "none", source: "bound", options: ["rbind"] }];
  assert.equal(await choose(["/data/in.wasm"], {}, [], mounts), "sandbox");
  const file = [{ destination: "/app.wasm", type: "bind", source: "bound/in.wasm" }];
  assert.equal(await choose(["/app.wasm"], {}, [], file), "sandbox");
});

Deno.test({
  name: "anything else is for the native kernel",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    assert.equal(await choose(["/script"]), "native");
    assert.equal(await choose(["/script"], { "module.wasm.image/variant": "compat-smart" }), "native");
    const mounts = [{ destination: "/data", type: "bind", source: "bound" }];
    assert.equal(await choose(["/data/native"], {}, [], mounts), "native");
    assert.equal(await choose(["/data/none"], {}, [], mounts), "native");
  },
});
