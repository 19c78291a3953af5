/**
 * A command of another runtime, timed from outside. Arguments: how often, how many at once with xargs (0: not at all), and the command, in which
 * @ID stands for a container's id. Prints milliseconds as JSON. @module
 */

const [count = "", crowd = "", command = "", ...args] = Deno.args;
const tag = `bench${Deno.pid}`;
const AT_ONCE = 8;

const withId = (id: string): string[] => args.map((arg) => arg.replaceAll("@ID", id));

async function timed(command: string, args: string[]): Promise<number> {
  const begun = performance.now();
  const { code, stderr } = await new Deno.Command(command, { args, stdin: "null", stdout: "null" }).output();
  const ms = performance.now() - begun;
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return ms;
}

const each: number[] = [];
await timed(command, withId(`${tag}-w`));
for (let i = 0; i < Number(count); i++) each.push(await timed(command, withId(`${tag}-s${i}`)));
let all = 0;
if (Number(crowd) > 0) {
  const words = [command, ...withId(`${tag}-c{}`)].map((word) => `'${word}'`).join(" ");
  all = await timed("sh", ["-c", `seq ${crowd} | xargs -P ${AT_ONCE} -I {} ${words}`]);
}
console.log(JSON.stringify({ each, all }));
