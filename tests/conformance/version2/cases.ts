/** The cases that want what Debian's kernel has, and most machines that run the others do not: cgroups of version 2 alone, AppArmor. @module */
import { SUBJECTS } from "../cases/mod.ts";
import type { Subject } from "../types.ts";

/** Those, by subject. */
export const VERSION2_SUBJECTS: readonly Subject[] = SUBJECTS.map(({ subject, cases }) => ({
  subject,
  cases: cases.filter(({ needs }) =>
    needs?.some((need) => need === "cgroup2" || need === "apparmor") ?? false
  ),
})).filter(({ cases }) => cases.length > 0);
