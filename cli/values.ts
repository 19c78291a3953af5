/** Values of options: sizes, durations, variables, names. Every error names the option. @module */
const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};

/** A size as docker writes it: 512m, 2g, 1048576, 1.5GiB. */
export function parseSize(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([bkmgt]?)(?:i?b)?$/i.exec(text);
  const size = match === null ? NaN : Math.floor(Number(match[1]) * UNITS[match[2]!.toLowerCase()]!);
  if (!Number.isSafeInteger(size) || size <= 0) {
    throw new Error(`${option}: ${JSON.stringify(text)} is not a size such as 512m or 2g`);
  }
  return size;
}

/** --pids-limit: a number of processes; 0 and -1 are none, as docker has it. */
export function parsePidsLimit(text: string): number {
  const limit = /^-?\d+$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(limit) || limit < -1) {
    throw new Error(`--pids-limit: ${JSON.stringify(text)} is not a number of processes, or -1 for no limit`);
  }
  return limit;
}

/** The shortest time of CPU in a period of 100 ms that Linux takes is 1 ms. */
const LEAST_CPUS = 0.01;

/** --cpus: processors' time, as docker has it. */
export function parseCpus(text: string): number {
  const cpus = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : NaN;
  if (cpus >= LEAST_CPUS && cpus <= 1e6) return cpus;
  throw new Error(
    `--cpus: ${JSON.stringify(text)} is not a number of processors such as 0.5, ${LEAST_CPUS} or more`,
  );
}

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400 };

/** A duration in milliseconds: 10, 1.5s, 1m30s, 250ms. A bare number is seconds. */
export function parseDuration(text: string, option: string): number {
  const wrong = new Error(`${option}: ${JSON.stringify(text)} is not a duration such as 10s or 1m30s`);
  if (/^\d+(\.\d+)?$/.test(text)) return positive(Number(text) * 1000, wrong);
  if (!/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) throw wrong;
  let ms = 0;
  for (const [, number, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|[smhd])/g)) {
    ms += Number(number) * SECONDS[unit!]! * 1000;
  }
  return positive(ms, wrong);
}

function positive(n: number, wrong: Error): number {
  if (n > 0) return n;
  throw wrong;
}

/** -e NAME=VALUE, or NAME to pass the caller's own value on (nothing if it has none). */
export function parseEnv(text: string, own: (name: string) => string | undefined): string[] {
  if (text === "" || text.startsWith("=")) {
    throw new Error(`--env ${JSON.stringify(text)}: expected NAME=VALUE or NAME`);
  }
  if (text.includes("=")) return [text];
  const value = own(text);
  return value === undefined ? [] : [`${text}=${value}`];
}

/** Lines of an --env-file: NAME=VALUE or NAME; empty lines and those that begin with # are comments. */
export function parseEnvFile(
  content: string,
  path: string,
  own: (name: string) => string | undefined,
): string[] {
  return content.split(/\r?\n/).flatMap((line, i) => {
    const text = line.trimStart();
    if (text === "" || text.startsWith("#")) return [];
    const name = text.split("=", 1)[0]!;
    if (name === "" || /\s/.test(name)) {
      throw new Error(`--env-file ${path}:${i + 1}: ${JSON.stringify(name)} is not a variable's name`);
    }
    return parseEnv(text, own);
  });
}

/** --annotation NAME=VALUE, in the order given; the last one of a name counts. */
export function parseAnnotations(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map((text) => {
    const at = text.indexOf("=");
    if (at < 1) throw new Error(`--annotation ${JSON.stringify(text)}: expected NAME=VALUE`);
    return [text.slice(0, at), text.slice(at + 1)];
  }));
}

/** --hostname: what the kernel takes (man 2 sethostname), and /etc/hosts in one line as one name. */
export function parseHostname(text: string): string {
  if (/^[^\s\p{Cc}]+$/u.test(text) && new TextEncoder().encode(text).length <= 64) return text;
  throw new Error(`--hostname: ${JSON.stringify(text)} is not a name of at most 64 bytes without spaces`);
}

/** --name: what docker takes for one. */
export function parseName(text: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(text)) return text;
  throw new Error(
    `--name: ${
      JSON.stringify(text)
    } is not a name of two or more letters, digits, "_", "." and "-" that begins with a letter or digit`,
  );
}
