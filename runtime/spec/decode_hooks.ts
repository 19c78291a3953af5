/** Hooks of config.json (config.md#posix-platform-hooks). @module */
import type { Cursor } from "../../json/mod.ts";
import { type Hook, HOOK_NAMES, type HookName, type Hooks } from "./hook_types.ts";
import { absolutePath, text } from "./values.ts";

function hook(cursor: Cursor): Hook {
  const timeout = cursor.field("timeout").optional((value) => value.integer(1));
  return {
    path: absolutePath(cursor.field("path")),
    args: cursor.field("args").list(text),
    env: cursor.field("env").list(text),
    ...(timeout === undefined ? {} : { timeout }),
  };
}

/** The lists of hooks; those that are left out are empty. */
export function decodeHooks(cursor: Cursor): Hooks {
  const lists: Partial<Record<HookName, Hook[]>> = {};
  for (const name of HOOK_NAMES) lists[name] = cursor.field(name).list(hook);
  return lists as Hooks;
}
