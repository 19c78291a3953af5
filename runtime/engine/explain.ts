/** `umiak spec explain`: what a bundle or an image means in system calls. @module */
import { compileSpec } from "../program/compile.ts";
import { printProgram } from "../program/print.ts";
import { parseSpec } from "../spec/decode.ts";
import { prepareImage } from "./root_filesystem.ts";
import { prepareContainer } from "./prepare_container.ts";

async function isDirectory(path: string): Promise<boolean> {
  const info = await Deno.stat(path).catch(() => null);
  return info?.isDirectory ?? false;
}

/** The program of a bundle: its root is shown where config.json says, sources are looked at to tell files from directories. */
async function explainBundle(bundle: string): Promise<string> {
  const path = `${bundle}/config.json`;
  const spec = parseSpec(await Deno.readFile(path), path);
  const root = spec.root?.path ?? "rootfs";
  const rootfs = root.startsWith("/") ? root : `${await Deno.realPath(bundle)}/${root}`;
  const isFile = (source: string): boolean => {
    try {
      return Deno.statSync(source).isFile;
    } catch {
      return false;
    }
  };
  return printProgram(compileSpec(spec, { rootfs, isFile }));
}

/** The program of a bundle directory, or of a container of an image. */
export async function explain(target: string): Promise<string> {
  if (await isDirectory(target) && await Deno.stat(`${target}/config.json`).then(() => true, () => false)) {
    return explainBundle(target);
  }
  const image = await prepareImage(target, undefined);
  const { sandbox, program } = prepareContainer(image, { image: target });
  sandbox.shutdown();
  return printProgram(program);
}
