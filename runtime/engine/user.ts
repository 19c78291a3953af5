/** Who the image's User is (conversion.md, `Config.User`; config.md of the image specification). @module */

/** Files of the container that name users; undefined if there is no such file. */
export interface UserFiles {
  /** /etc/passwd. */
  readonly passwd: string | undefined;
  /** /etc/group. */
  readonly group: string | undefined;
}

/** Ids of a process. */
export interface UserIds {
  /** User. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Further groups, without `gid`. */
  readonly additionalGids: readonly number[];
  /** Home directory of a user that /etc/passwd knows. */
  readonly home?: string;
}

const MAX_ID = 0xfffffffe;

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

function number(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  const id = Number(text);
  return id <= MAX_ID ? id : undefined;
}

/** Lines of passwd(5) that make sense; others are passed over, as the C library does. */
function passwdEntries(text: string | undefined): PasswdEntry[] {
  return (text ?? "").split("\n").flatMap((line) => {
    const [name, , uid, gid, , home] = line.split(":");
    const u = number(uid), g = number(gid);
    return !name || u === undefined || g === undefined ? [] : [{ name, uid: u, gid: g, home: home ?? "" }];
  });
}

/** Lines of group(5). */
function groupEntries(text: string | undefined): GroupEntry[] {
  return (text ?? "").split("\n").flatMap((line) => {
    const [name, , gid, members] = line.split(":");
    const g = number(gid);
    return !name || g === undefined
      ? []
      : [{ name, gid: g, members: (members ?? "").split(",").filter((m) => m !== "") }];
  });
}

/** An id above what Linux has must not wrap around to another (CVE-2024-40635). */
function checkedId(text: string, what: string): number | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const id = number(text);
  if (id === undefined) throw new Error(`${what} ${JSON.stringify(text)}: the id is out of range`);
  return id;
}

/**
 * Ids of `[user][:group]`: names by the container's files, numbers as they are, whatever the files call by them. Without a group that of the
 * user; a name without a group has its further groups, too.
 */
export function resolveUser(text: string, files: UserFiles): UserIds {
  const [name = "", group, ...rest] = text.split(":");
  const user = name === "" ? "0" : name; // nothing said is root; ":GROUP" leaves the user as it is
  if (rest.length > 0) throw new Error(`user ${JSON.stringify(text)}: expected USER[:GROUP]`);
  const passwd = passwdEntries(files.passwd), groups = groupEntries(files.group);
  const uid = checkedId(user, "user");
  const entry = passwd.find((each) => uid === undefined ? each.name === user : each.uid === uid);
  if (entry === undefined && uid === undefined) {
    throw new Error(`user ${JSON.stringify(user)}: no such user in the container's /etc/passwd`);
  }
  const home = entry === undefined || entry.home === "" ? {} : { home: entry.home };
  const own = entry?.uid ?? uid!;
  if (group !== undefined && group !== "") {
    const found = checkedId(group, "group") ?? groups.find((each) => each.name === group)?.gid;
    if (found === undefined) {
      throw new Error(`group ${JSON.stringify(group)}: no such group in the container's /etc/group`);
    }
    return { uid: own, gid: found, additionalGids: [], ...home };
  }
  const gid = entry?.gid ?? 0;
  const isNumber = name !== "" && uid !== undefined;
  const more = entry === undefined || isNumber
    ? []
    : groups.filter((each) => each.members.includes(entry.name)).map((each) => each.gid);
  return { uid: own, gid, additionalGids: [...new Set(more)].filter((each) => each !== gid), ...home };
}
