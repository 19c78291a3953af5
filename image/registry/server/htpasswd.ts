/** Users from a file of htpasswd(1), and HTTP Basic authentication (RFC 7617). @module */
import { compare, hashSync } from "bcryptjs";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Access, Grant, RegistryAuth } from "./auth.ts";
import { RegistryError } from "./errors.ts";

/** Passwords, kept as bcrypt's hashes. */
export interface Users {
  /** True if the user has this password. Takes as long for a user that there is not. */
  check(user: string, password: string): Promise<boolean>;
}

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
/** Cost of a hash whose checking takes half a minute: a mistake, or an attack with a file of one's own. */
const MAX_COST = 17;
/** Passwords longer than this are cut off by bcrypt. */
const MAX_PASSWORD = 72;
/** Checks that wait for their turn; each takes tens of milliseconds of the processor. */
const MAX_WAITING = 64;
/** Checked passwords that are remembered, so that not every request of a pull is as slow as the first. */
const MAX_REMEMBERED = 1000;

function kindOf(hash: string): string {
  if (hash.startsWith("{SHA}")) return "an unsalted SHA-1 hash";
  if (hash.startsWith("$apr1$") || hash.startsWith("$1$")) return "an MD5 hash";
  if (/^\$[56]\$/.test(hash)) return "a SHA-crypt hash";
  return "a crypt(3) hash or a plain password";
}

/** Reads the text of an htpasswd file; `what` names it in errors. Throws for hashes that are not bcrypt's. */
export function parseHtpasswd(text: string, what: string): Users {
  const hashes = new Map<string, string>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const at = line.indexOf(":");
    const fail = (why: string): Error => new Error(`${what}:${i + 1}: ${why}`);
    if (at < 1) throw fail("expected USER:HASH");
    const user = line.slice(0, at), hash = line.slice(at + 1).trim();
    const match = BCRYPT.exec(hash);
    // The message never has the hash in it: it may be a password.
    if (match === null) {
      throw fail(`user ${JSON.stringify(user)} has ${kindOf(hash)}; only bcrypt is accepted (htpasswd -B)`);
    }
    if (Number(match[1]) > MAX_COST) throw fail(`cost ${match[1]} is more than ${MAX_COST}`);
    if (hashes.has(user)) throw fail(`user ${JSON.stringify(user)} occurs twice`);
    hashes.set(user, hash);
  }
  return new BcryptUsers(hashes);
}

/** Reads an htpasswd file. See parseHtpasswd. */
export async function readHtpasswd(path: string): Promise<Users> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new Error(`htpasswd ${path}: ${(error as Error).message}`, { cause: error });
  }
  return parseHtpasswd(text, path);
}

class BcryptUsers implements Users {
  readonly #hashes: ReadonlyMap<string, string>;
  /** What an unknown user's password is compared with. */
  readonly #nobody: string;
  readonly #key = randomBytes(32);
  /** Keyed hashes of what was right, the newest last; passwords are not kept. */
  readonly #right: Map<string, Uint8Array> = new Map();
  #waiting = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(hashes: ReadonlyMap<string, string>) {
    this.#hashes = hashes;
    const costs = [...hashes.values()].map((hash) => Number(hash.slice(4, 6)));
    this.#nobody = hashSync(
      randomBytes(16).toString("hex"),
      Math.max(4, ...costs.map((c) => Math.min(c, 12))),
    );
  }

  async check(user: string, password: string): Promise<boolean> {
    if (new TextEncoder().encode(password).length > MAX_PASSWORD) return false;
    const keyed = createHmac("sha256", this.#key).update(`${user}\0${password}`).digest();
    const known = this.#right.get(user);
    if (known !== undefined && timingSafeEqual(known, keyed)) return true;
    if (this.#waiting >= MAX_WAITING) {
      const wait = { "retry-after": "1" };
      throw new RegistryError(429, "TOOMANYREQUESTS", "too many logins at one time", wait);
    }
    this.#waiting++;
    const hash = this.#hashes.get(user);
    // One at a time: guessing passwords must not take the processor from everybody else.
    const turn = this.#turn.then(() => compare(password, hash ?? this.#nobody));
    this.#turn = turn.catch(() => {});
    try {
      const right = await turn && hash !== undefined;
      if (right) this.#remember(user, keyed);
      return right;
    } finally {
      this.#waiting--;
    }
  }

  #remember(user: string, keyed: Uint8Array): void {
    this.#right.delete(user);
    if (this.#right.size >= MAX_REMEMBERED) this.#right.delete(this.#right.keys().next().value!);
    this.#right.set(user, keyed);
  }
}

/** User and password of an Authorization header; undefined if it has none that can be read. */
export function parseBasic(header: string | null): { user: string; password: string } | undefined {
  const match = /^basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? "");
  if (match === null) return undefined;
  try {
    const bytes = Uint8Array.from(atob(match[1]!), (c) => c.charCodeAt(0));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const at = text.indexOf(":");
    return at < 0 ? undefined : { user: text.slice(0, at), password: text.slice(at + 1) };
  } catch {
    return undefined;
  }
}

/** How Basic authentication is asked for. */
export interface BasicAuthOptions {
  /** What it is for, for the person who types a password. */
  readonly realm?: string;
  /** Lets everybody read. */
  readonly anonymousPull?: boolean;
}

/** A door that opens for users with their passwords. */
export function basicAuth(users: Users, options: BasicAuthOptions = {}): RegistryAuth {
  const { realm = "umiak registry", anonymousPull = false } = options;
  const challenge = { "www-authenticate": `Basic realm="${realm.replace(/["\\]/g, "")}", charset="UTF-8"` };
  const all: Grant = { may: () => true }, reading: Grant = { may: (action) => action === "pull" };
  return {
    async authorize(request: Request, access: Access | undefined): Promise<Grant> {
      const header = request.headers.get("authorization");
      const given = parseBasic(header);
      // Some clients without a password answer a challenge with an empty one.
      const anybody = header === null || (given?.user === "" && given.password === "");
      if (given !== undefined && !anybody && await users.check(given.user, given.password)) return all;
      const harmless = access !== undefined && access.actions.every((action) => action === "pull");
      if (anonymousPull && anybody && harmless) return reading;
      const message = anybody ? "authentication required" : "wrong user or password";
      throw new RegistryError(401, "UNAUTHORIZED", message, challenge);
    },
  };
}
