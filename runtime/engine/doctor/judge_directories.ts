/** Where umiak keeps things. @module */
import { both } from "./finding.ts";
import type { DirectoryFacts, Finding, HostFacts } from "./types.ts";

const GIB = 2 ** 30;
/** With less than this an image of some size does not fit. */
const FEW_BYTES = GIB;
/** More are not shown. */
const MOST_BROKEN = 5;

const UNTOUCHED = "what is broken there fails, and stays as it is";

const shown = (path: string, broken: readonly string[]): string => {
  const more = broken.length > MOST_BROKEN ? `; and ${broken.length - MOST_BROKEN} more` : "";
  return `${path}: ${broken.slice(0, MOST_BROKEN).join("; ")}${more}`;
};

const spaceOf = ({ free }: DirectoryFacts): string =>
  free === undefined ? "" : `, ${(free / GIB).toFixed(1)} GiB free`;

function judgeStore(facts: DirectoryFacts): Finding {
  const { path, exists, failure, free, broken } = facts, about = "store";
  if (failure !== undefined) {
    return both(about, "broken", failure, "there is no place for images: umiak run runs none");
  }
  if (broken.length > 0) return both(about, "limited", shown(path, broken), UNTOUCHED);
  const found = `${path} can be ${exists ? "written and locked" : "made"}${spaceOf(facts)}`;
  if (free !== undefined && free < FEW_BYTES) {
    return both(about, "limited", found, "umiak store gc removes what nothing needs");
  }
  return both(about, "ok", found, exists ? "images are there" : "it is made with the first image");
}

function judgeRecords(facts: DirectoryFacts | undefined): Finding {
  const about = "records", without = "umiak-runtime wants a --root; umiak run does without";
  if (facts === undefined) {
    return both(about, "limited", "there is no place for records of containers", without);
  }
  const { path, exists, failure, broken } = facts;
  if (failure !== undefined) return both(about, "limited", failure, without);
  if (broken.length > 0) return both(about, "limited", shown(path, broken), UNTOUCHED);
  return both(
    about,
    "ok",
    `${path} can be ${exists ? "written and locked" : "made"}`,
    exists ? "records of umiak-runtime's containers are there" : "it is made with the first container",
  );
}

/** Findings about them. */
export function judgeDirectories({ store, state }: HostFacts): Finding[] {
  return [judgeStore(store), judgeRecords(state)];
}
