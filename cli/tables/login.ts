/** `umiak login` and `umiak logout`. @module */
import type { CommandSpec } from "../parser.ts";
import { REGISTRY_OPTIONS } from "./options.ts";

/** `umiak login`. */
export const LOGIN: CommandSpec = {
  name: "login",
  help: "Log in to a registry",
  args: "[REGISTRY]",
  count: [0, 1],
  options: [
    { name: "username", short: "u", value: "NAME", help: "User name; asked for on a terminal" },
    { name: "password-stdin", help: "Read the password, or the token, from standard input" },
    ...REGISTRY_OPTIONS.filter((option) => option.name !== "mirror"),
  ],
  run: async (parsed) => (await import("../commands/login.ts")).login(parsed),
};

/** `umiak logout`. */
export const LOGOUT: CommandSpec = {
  name: "logout",
  help: "Forget the credentials for a registry",
  args: "[REGISTRY]",
  count: [0, 1],
  options: REGISTRY_OPTIONS.filter((option) => option.name === "authfile"),
  run: async (parsed) => (await import("../commands/login.ts")).logout(parsed),
};
