import assert from "node:assert/strict";
import { withDirectory } from "../../../tests/support/umiak.ts";
import { throughDangling } from "./dangling.ts";

Deno.test({
  name: "throughDangling(): what links lead to that is not there, inside the root; everything else as it is",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withDirectory((root) => {
      Deno.mkdirSync(`${root}/etc/dir`, { recursive: true });
      const link = (target: string, path: string): void => Deno.symlinkSync(target, `${root}/etc/${path}`);
      link("../run/systemd/resolve/stub.conf", "resolv.conf");
      link("/nowhere", "absolute");
      link("../../../../../nowhere", "far");
      link("resolv.conf", "twice");
      link("dir", "fine");
      link("loop", "loop");
      const cases: readonly (readonly [path: string, place: string])[] = [
        ["/etc/resolv.conf", "/run/systemd/resolve/stub.conf"],
        ["/etc/twice", "/run/systemd/resolve/stub.conf"],
        ["/etc/absolute/a/b", "/nowhere/a/b"],
        ["/etc/far", "/nowhere"],
        ["/etc/fine/../absolute", "/nowhere"],
        ["/etc/fine", "/etc/fine"],
        ["/etc/fine/new/..", "/etc/fine/new/.."],
        ["/etc/none/x", "/etc/none/x"],
        ["/etc/loop/x", "/etc/loop/x"],
        ["/", "/"],
      ];
      for (const [path, place] of cases) assert.equal(throughDangling(root, path), place, path);
      return Promise.resolve();
    }),
});
