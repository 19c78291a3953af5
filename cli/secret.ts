/** Secrets from the user: nothing is shown, and nothing kept. @module */

/** Longest secret; tokens can be long. */
const MAX_LENGTH = 64 * 1024;

/** All of a stream as text, without the end of its last line. Throws if it is too long. */
export async function readSecret(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  try {
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > MAX_LENGTH) throw new Error(`the password is longer than ${MAX_LENGTH} characters`);
    }
    text += decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw new Error("the password is not valid UTF-8");
    throw error;
  }
  return text.replace(/\r?\n$/, "");
}

/** Edits a secret as a terminal without echo would: the text so far, and whether it is complete. Undefined: the user gave up. */
export function edit(text: string, typed: string): { text: string; done: boolean } | undefined {
  for (const c of typed) {
    if (c === "\r" || c === "\n" || c === "\x04") return { text, done: true };
    if (c === "\x03") return undefined;
    if (c === "\x15") text = "";
    else if (c === "\x7f" || c === "\b") text = [...text].slice(0, -1).join("");
    else if (c >= " ") text += c;
  }
  return { text: text.slice(0, MAX_LENGTH), done: false };
}

/** Asks for a secret on the terminal. */
export async function askSecret(question: string): Promise<string> {
  const say = (text: string): void => void Deno.stderr.writeSync(new TextEncoder().encode(text));
  say(question);
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1024);
  Deno.stdin.setRaw(true);
  try {
    let state: { text: string; done: boolean } | undefined = { text: "", done: false };
    while (!state.done) {
      const n = await Deno.stdin.read(buffer);
      if (n === null) break;
      state = edit(state.text, decoder.decode(buffer.subarray(0, n), { stream: true }));
      if (state === undefined) throw Object.assign(new Error("interrupted"), { exitCode: 130 });
    }
    return state.text;
  } finally {
    Deno.stdin.setRaw(false);
    say("\n");
  }
}
