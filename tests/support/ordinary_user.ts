/** Tests in which an ordinary user runs umiak from its sources. @module */
import { repositoryFile } from "./umiak.ts";

/** Why whoever the words `asUser` make of root cannot run the sources; undefined if they can be read. */
export function unreadableSources(asUser: readonly string[]): string | undefined {
  const { success } = new Deno.Command(asUser[0]!, {
    args: [...asUser.slice(1), "test", "-r", repositoryFile("deno.json")],
  }).outputSync();
  return success ? undefined : "needs sources that others can read";
}
