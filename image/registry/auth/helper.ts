/** Programs that keep credentials (`docker-credential-NAME`), by their protocol: a verb, and JSON on standard input and output. @module */
import { Cursor, parseJson } from "../../../json/mod.ts";
import type { Credentials } from "./credentials.ts";

/** Most that a helper may answer. */
const MAX_ANSWER = 256 * 1024;
/** How long it may take, in milliseconds: it may ask the user. */
const PATIENCE = 120_000;
/** The name that stands for "the secret is a token of the token service". */
const TOKEN_USER = "<token>";

/** Docker Hub's name among helpers and in Docker's configuration file. */
export const DOCKER_HUB_KEY = "https://index.docker.io/v1/";

/** A helper. */
export class CredentialHelper {
  readonly #program: string;
  readonly #shown: string;

  /** The helper NAME. Throws for what is no name of a program. */
  constructor(name: string) {
    this.#shown = `credential helper ${JSON.stringify(name)}`;
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)) {
      throw new Error(`${this.#shown}: this is no name of one`);
    }
    this.#program = `docker-credential-${name}`;
  }

  /** What it has for a server; undefined if nothing. */
  async get(server: string): Promise<Credentials | undefined> {
    const { code, stdout } = await this.#run("get", server);
    const text = new TextDecoder().decode(stdout);
    if (code !== 0) {
      // By the protocol the reason is on standard output; it goes no further than this comparison.
      if (/credentials not found|no credentials server url/i.test(text)) return undefined;
      throw new Error(`${this.#shown}: get ended with exit code ${code}`);
    }
    let answer: Cursor;
    try {
      answer = new Cursor(parseJson(stdout, this.#shown), this.#shown);
    } catch {
      throw new Error(`${this.#shown}: its answer is not valid JSON`);
    }
    const username = answer.field("Username").string(), secret = answer.field("Secret").string();
    if (username === "" && secret === "") return undefined;
    return username === TOKEN_USER ? { identityToken: secret } : { username, password: secret };
  }

  /** Keeps credentials for a server. */
  async store(server: string, credentials: Credentials): Promise<void> {
    const { username, password, identityToken } = credentials;
    const Username = identityToken === undefined ? username : TOKEN_USER;
    const input = JSON.stringify({ ServerURL: server, Username, Secret: identityToken ?? password });
    const { code } = await this.#run("store", input);
    if (code !== 0) throw new Error(`${this.#shown}: store ended with exit code ${code}`);
  }

  /** Forgets what it has for a server. */
  async erase(server: string): Promise<void> {
    const { code, stdout } = await this.#run("erase", server);
    if (code === 0 || /credentials not found/i.test(new TextDecoder().decode(stdout))) return;
    throw new Error(`${this.#shown}: erase ended with exit code ${code}`);
  }

  async #run(verb: string, input: string): Promise<{ code: number; stdout: Uint8Array }> {
    let child: Deno.ChildProcess;
    try {
      // What it prints beside its answer may be as secret as the answer.
      child = new Deno.Command(this.#program, {
        args: [verb],
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
    } catch (error) {
      const why = error instanceof Deno.errors.NotFound
        ? `there is no program ${this.#program} on PATH`
        : (error as Error).message;
      throw new Error(`${this.#shown}: ${why}`, { cause: error });
    }
    let timedOut = false;
    const stop = (): void => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      stop();
    }, PATIENCE);
    try {
      const [stdout, status] = await Promise.all([
        this.#answer(child, stop),
        child.status,
        feed(child, input),
      ]);
      if (timedOut) throw new Error(`${this.#shown}: ${verb} has not ended within ${PATIENCE / 1000} s`);
      return { code: status.code, stdout };
    } finally {
      clearTimeout(timer);
    }
  }

  async #answer(child: Deno.ChildProcess, stop: () => void): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of child.stdout) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_ANSWER) {
        stop();
        throw new Error(`${this.#shown}: its answer is longer than ${MAX_ANSWER} bytes`);
      }
    }
    return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  }
}

async function feed(child: Deno.ChildProcess, input: string): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    // It ended without reading; its exit code says what is to be said.
  }
}
