/** The documents beside the specification's JSON schemas (schema/test): the good ones are decoded, the bad ones refused. @module */
import assert from "node:assert/strict";
import { JsonError } from "../../json/mod.ts";
import { parseSpec } from "./decode.ts";
import { encodeSpec } from "./encode.ts";
import { parseFeatures } from "./features.ts";
import { parseState } from "./state.ts";

const FIXTURES = new URL("../../tests/fixtures/runtime_spec/", import.meta.url);

const DECODERS: Readonly<Record<string, (text: string) => unknown>> = {
  config: (text) => parseSpec(text),
  features: (text) => parseFeatures(text),
  state: (text) => parseState(text),
};

for (const [kind, decode] of Object.entries(DECODERS)) {
  for (const judgement of ["good", "bad"]) {
    const directory = new URL(`${kind}/${judgement}/`, FIXTURES);
    for (const { name } of [...Deno.readDirSync(directory)].sort((a, b) => a.name < b.name ? -1 : 1)) {
      Deno.test(`${kind}: schema/test/${kind}/${judgement}/${name}`, () => {
        const text = Deno.readTextFileSync(new URL(name, directory));
        if (judgement === "bad") assert.throws(() => decode(text), JsonError);
        else decode(text);
      });
    }
  }
}

Deno.test("encodeSpec() writes what decodes to the same again", () => {
  for (const { name } of Deno.readDirSync(new URL("config/good/", FIXTURES))) {
    const spec = parseSpec(Deno.readTextFileSync(new URL(`config/good/${name}`, FIXTURES)));
    assert.deepEqual(parseSpec(encodeSpec(spec, 2)), spec, name);
  }
});
