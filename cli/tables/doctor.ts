/** `umiak doctor`. @module */
import type { CommandSpec } from "../parser.ts";

/** `umiak doctor`. */
export const DOCTOR: CommandSpec = {
  name: "doctor",
  help: "Say what this machine can do, and what umiak does about it",
  args: "[native|sandbox]",
  count: [0, 1],
  options: [{ name: "json", help: "Print it as JSON" }],
  run: async (parsed) => (await import("../commands/doctor.ts")).doctor(parsed),
};
