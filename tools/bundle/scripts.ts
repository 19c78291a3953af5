/** Files of a bundle. @module */

/** Scripts in a directory and those below it. */
export async function* scriptsBelow(directory: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (isDirectory) yield* scriptsBelow(`${directory}/${name}`);
    else if (name.endsWith(".js")) yield `${directory}/${name}`;
  }
}
