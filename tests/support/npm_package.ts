/** Files of npm packages, fetched by Deno itself, so that whatever registry and cache it is set up with are used. @module */

const ROOT = new URL("../../", import.meta.url).pathname.replace(/^\/(?=[A-Za-z]:)/, "");

/**
 * Directory of a package's files; fetched at the first use, kept in `.umiak/npm` of the repository. Throws if it cannot be had.
 */
export async function npmPackage(name: string, version: string): Promise<string> {
  const directory = `${ROOT}.umiak/npm/${name.replaceAll("/", "+")}@${version}`;
  const files = `${directory}/node_modules/${name}`;
  await Deno.mkdir(directory, { recursive: true });
  const lock = await Deno.open(`${directory}/lock`, { create: true, write: true });
  try {
    await lock.lock(true);
    const done = `${directory}/done`;
    if (await Deno.stat(done).then(() => true, () => false)) return files;
    const config = { nodeModulesDir: "auto", lock: false, imports: { [name]: `npm:${name}@${version}` } };
    await Deno.writeTextFile(`${directory}/deno.json`, JSON.stringify(config));
    const install = new Deno.Command(Deno.execPath(), {
      args: ["install", "--quiet"],
      cwd: directory,
      stdout: "piped",
      stderr: "piped",
    });
    const { success, stderr } = await install.output();
    if (!success) {
      throw new Error(`fetching npm package ${name}@${version}: ${new TextDecoder().decode(stderr).trim()}`);
    }
    await Deno.writeTextFile(done, "");
    return files;
  } finally {
    lock.close();
  }
}
