/** Image configurations to specifications (conversion.md). @module */
import assert from "node:assert/strict";
import { decodeImageConfig } from "../../image/config.ts";
import { type ConversionContext, convert } from "./conversion.ts";
import type { ContainerOptions } from "./options.ts";
import { resolveUser } from "./user.ts";

const encoder = new TextEncoder();

function config(
  execution: Record<string, unknown>,
  more: Record<string, unknown> = {},
): ReturnType<typeof decodeImageConfig> {
  const json = {
    architecture: "wasm",
    os: "wasi",
    rootfs: { type: "layers", diff_ids: [] },
    config: execution,
    ...more,
  };
  return decodeImageConfig(encoder.encode(JSON.stringify(json)), "config");
}

const context: ConversionContext = {
  imageName: "image",
  users: {
    passwd: "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/home/app:/bin/sh\nbroken line\n",
    group: "root:x:0:\nstaff:x:50:app\nwheel:x:10:app,root\n",
  },
  hostname: "random",
  hostPath: (path) => `/binds${path}`,
};

const args = (execution: Record<string, unknown>, options: ContainerOptions = {}): readonly string[] =>
  convert(config(execution), options, context).process!.args;

Deno.test("Entrypoint, Cmd, and what replaces them", () => {
  const both = { Entrypoint: ["/e", "1"], Cmd: ["c", "2"] };
  assert.deepEqual(args(both), ["/e", "1", "c", "2"]);
  assert.deepEqual(args(both, { args: ["x"] }), ["/e", "1", "x"]);
  assert.deepEqual(args(both, { entrypoint: ["/n"] }), ["/n"]);
  assert.deepEqual(args(both, { entrypoint: ["/n"], args: ["x"] }), ["/n", "x"]);
  assert.deepEqual(args({ Cmd: ["/only"] }), ["/only"]);
  assert.throws(() => args({}), /image: no command/);
  assert.throws(() => args(both, { entrypoint: [] }), /no command/);
});

Deno.test("variables: the image's over the defaults, the caller's over both", () => {
  const { env } = convert(config({ Entrypoint: ["/e"], Env: ["PATH=/x", "A=image", "B=image"] }), {
    env: ["A=own", "C=own"],
    workdir: "/w",
  }, context).process!;
  assert.deepEqual(env, ["PATH=/x", "HOME=/root", "HOSTNAME=random", "PWD=/w", "A=own", "B=image", "C=own"]);
});

Deno.test("users: names, numbers, groups, and their further groups (config.md, User)", () => {
  const { users } = context;
  assert.deepEqual(resolveUser("", users), { uid: 0, gid: 0, additionalGids: [10], home: "/root" });
  assert.deepEqual(resolveUser("app", users), {
    uid: 1000,
    gid: 1001,
    additionalGids: [50, 10],
    home: "/home/app",
  });
  assert.deepEqual(resolveUser("1000", users), {
    uid: 1000,
    gid: 1001,
    additionalGids: [],
    home: "/home/app",
  });
  assert.deepEqual(resolveUser("app:staff", users), {
    uid: 1000,
    gid: 50,
    additionalGids: [],
    home: "/home/app",
  });
  assert.deepEqual(resolveUser("77:88", users), { uid: 77, gid: 88, additionalGids: [] });
  assert.deepEqual(resolveUser("77", { passwd: undefined, group: undefined }), {
    uid: 77,
    gid: 0,
    additionalGids: [],
  });
  assert.throws(() => resolveUser("nobody", users), /no such user in the container's \/etc\/passwd/);
  assert.throws(() => resolveUser("app:none", users), /no such group/);
  assert.throws(() => resolveUser("4294967296", users), /out of range/); // CVE-2024-40635: it would wrap around to root
  assert.deepEqual(resolveUser(":7", users), { uid: 0, gid: 7, additionalGids: [], home: "/root" });
  assert.throws(() => resolveUser("1:2:3", users), /expected USER\[:GROUP\]/);
});

Deno.test("only root keeps capabilities, and nobody inherits any (CVE-2022-29162)", () => {
  const of = (user: string): NonNullable<ReturnType<typeof convert>["process"]>["capabilities"] =>
    convert(config({ Entrypoint: ["/e"] }), { user }, context).process!.capabilities;
  assert.ok(of("0")!.effective.includes("CAP_CHOWN"));
  assert.deepEqual(of("0")!.inheritable, []);
  assert.deepEqual([of("app")!.effective, of("app")!.permitted, of("app")!.ambient], [[], [], []]);
});

Deno.test("labels become annotations, but not those that command a runtime (conversion.md; CVE-2026-53488)", () => {
  const labels = {
    "org.example": "kept",
    "run.oci.handler": "wasm",
    "org.criu.config": "x",
    "io.podman.x": "y",
  };
  const { annotations } = convert(
    config({
      Entrypoint: ["/e"],
      Labels: labels,
      StopSignal: "SIGUSR1",
      ExposedPorts: { "80/tcp": {}, "53/udp": {} },
    }, { author: "me" }),
    {},
    context,
  );
  assert.deepEqual(annotations, {
    "org.opencontainers.image.os": "wasi",
    "org.opencontainers.image.architecture": "wasm",
    "org.opencontainers.image.author": "me",
    "org.opencontainers.image.stopSignal": "SIGUSR1",
    "org.opencontainers.image.exposedPorts": "80/tcp,53/udp",
    "org.example": "kept",
  });
});

Deno.test("volumes of the image are mounts, unless the caller mounts something there", () => {
  const spec = convert(config({ Entrypoint: ["/e"], Volumes: { "/data": {}, "/cache": {} } }), {
    mounts: [{ kind: "bind", source: "/src", target: "/data", readOnly: true }, {
      kind: "tmpfs",
      target: "/t",
      options: ["size=1m"],
    }],
  }, context);
  const own = spec.mounts.filter((mount) => ["/data", "/cache", "/t"].includes(mount.destination));
  assert.deepEqual(own.map((mount) => [mount.destination, mount.type, mount.source]), [
    ["/cache", "tmpfs", "tmpfs"],
    ["/data", "bind", "/binds/src"],
    ["/t", "tmpfs", "tmpfs"],
  ]);
  assert.ok(own[1]!.options.includes("ro") && own[2]!.options.includes("size=1m"));
});

Deno.test("the working directory must be absolute", () => {
  assert.throws(
    () => convert(config({ Entrypoint: ["/e"], WorkingDir: "relative" }), {}, context),
    /"relative": it is not an absolute path/,
  );
});
