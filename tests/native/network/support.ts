/** What scenarios of networks need, and how they are run. @module */
import assert from "node:assert/strict";
import { type Needs, reasonAgainst } from "../../support/when.ts";
import { denoCommand } from "./world.ts";

const BASIC: Needs = { os: ["linux"], root: true, tools: ["unshare", "nsenter", "ip", "nft"] };
const ALONE = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

/** Why there can be no bridges, pairs and rules in a new network namespace; undefined if there can. */
function missing(): string | undefined {
  if (reasonAgainst(BASIC) !== undefined) return undefined; // which is said already
  const script = "ip link add name b0 type bridge && ip link add name v0 type veth && nft add table ip t";
  const { success, stderr } = new Deno.Command("unshare", { args: [...ALONE, "sh", "-c", script] })
    .outputSync();
  return success
    ? undefined
    : `needs bridges, veth and nf_tables: ${new TextDecoder().decode(stderr).trim()}`;
}

const reason = missing();

/** Root on Linux, with network namespaces and what is in them. */
export const NETWORK: Needs = reason === undefined ? BASIC : { ...BASIC, missing: reason };

/** A test that runs scenarios/NAME.ts alone: what it starts ends with it. Its arguments are a directory, which is removed, and `args`. */
export function scenario(name: string, ...args: readonly string[]): () => Promise<void> {
  return async () => {
    const directory = await Deno.makeTempDir({ prefix: "umiak-network-" });
    try {
      const module = new URL(`scenarios/${name}.ts`, import.meta.url).pathname;
      const { success, stdout, stderr } = await new Deno.Command("unshare", {
        args: [...ALONE, ...denoCommand(module, directory, ...args)],
        env: { NO_COLOR: "1" },
      }).output();
      const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      assert.ok(success, said);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  };
}
