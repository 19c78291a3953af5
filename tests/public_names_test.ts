/**
 * The names that each entry of deno.json's `exports` gives, with what they are, frozen in tests/golden/public_names.txt: a name that comes
 * or goes is a decision. Set UMIAK_UPDATE_GOLDEN=1 to write the list anew.
 * @module
 */
import assert from "node:assert/strict";
import { repositoryFile } from "./support/umiak.ts";

const GOLDEN = repositoryFile("tests/golden/public_names.txt");

/** The parts of `deno doc --json` that are looked at. */
interface Documented {
  readonly nodes: Record<
    string,
    {
      readonly symbols: readonly {
        readonly name: string;
        readonly declarations: readonly { kind: string }[];
      }[];
    }
  >;
}

/** `NAME: KIND` of everything a module exports, sorted. */
async function namesOf(file: string): Promise<string[]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", repositoryFile(file)],
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as Documented;
  return Object.values(nodes).flatMap(({ symbols }) =>
    symbols.map(({ name, declarations }) =>
      `${name}: ${[...new Set(declarations.map(({ kind }) => kind))].sort().join(", ")}`
    )
  ).sort();
}

Deno.test("the public names of every entry are those of tests/golden/public_names.txt", async () => {
  const { exports } = JSON.parse(await Deno.readTextFile(repositoryFile("deno.json")));
  const parts = await Promise.all(
    Object.entries<string>(exports).map(async ([entry, file]) => {
      const names = await namesOf(file);
      assert.ok(names.length > 0, file);
      return `${entry} (${file})\n${names.map((each) => `    ${each}\n`).join("")}`;
    }),
  );
  const text = parts.join("\n");
  if (Deno.env.get("UMIAK_UPDATE_GOLDEN") === "1") await Deno.writeTextFile(GOLDEN, text);
  const known = new Set((await Deno.readTextFile(GOLDEN)).split("\n")), now = new Set(text.split("\n"));
  const added = [...now].filter((line) => !known.has(line)),
    gone = [...known].filter((line) => !now.has(line));
  assert.deepEqual(
    { added, gone },
    { added: [], gone: [] },
    "public names; UMIAK_UPDATE_GOLDEN=1 writes the list anew",
  );
  assert.equal(text, await Deno.readTextFile(GOLDEN));
});
