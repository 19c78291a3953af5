/** Whether a container has groups of resctrl: what most do not have is not loaded. @module */
import { exists } from "../cgroups/files.ts";

/** The file that says which, in the container's directory. */
export const GROUPS_FILE = "resctrl.json";

/** True if it has. */
export const hasGroups = (directory: string): boolean => exists(`${directory}/${GROUPS_FILE}`);
