/** Errors of the system, for one line. @module */
import { errnoText } from "../../../fs/abi/errno_text.ts";

/** What went wrong: the errno in words where there is one. */
export function reasonOf(error: unknown): string {
  const { message } = error as Error;
  const number = /\(os error (\d+)\)/.exec(message)?.[1];
  return number === undefined || Deno.build.os === "windows" ? message : errnoText(Number(number));
}
