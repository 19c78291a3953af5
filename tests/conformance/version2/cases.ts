/** The cases that want cgroups of version 2 alone, which most machines that run the others do not have. @module */
import { SUBJECTS } from "../cases/mod.ts";
import type { Subject } from "../types.ts";

/** Those, by subject. */
export const VERSION2_SUBJECTS: readonly Subject[] = SUBJECTS.map(({ subject, cases }) => ({
  subject,
  cases: cases.filter(({ needs }) => needs?.includes("cgroup2") ?? false),
})).filter(({ cases }) => cases.length > 0);
