/**
 * Native containers of this process from create to delete, timed. Arguments: a state directory, a bundle, how many one after another, how many at
 * once. Prints their milliseconds as JSON. @module
 */
import { nativeContext, readBundle, wholeLifeOk } from "../../tests/native/in_process.ts";

const [root = "", path = "", count = "", crowd = ""] = Deno.args;
const WARM = 10;
const context = nativeContext(root), bundle = readBundle(path);
const tag = `bench${Deno.pid}`;

async function timed(body: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await body();
  return performance.now() - begun;
}

for (let i = 0; i < WARM; i++) await wholeLifeOk(context, bundle, `${tag}-w${i}`);
const each: number[] = [];
for (let i = 0; i < Number(count); i++) {
  each.push(await timed(() => wholeLifeOk(context, bundle, `${tag}-s${i}`)));
}
const ids = Array.from({ length: Number(crowd) }, (_, i) => `${tag}-c${i}`);
const all = await timed(() => Promise.all(ids.map((id) => wholeLifeOk(context, bundle, id))));
console.log(JSON.stringify({ each, all }));
