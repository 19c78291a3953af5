/** Terminals of images that Linux runs: shown on this one's, as docker run -t and -it do. */
import assert from "node:assert/strict";
import { umiakArgs } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { AS_ROOT, type Place, withPlace } from "./support.ts";

/** Plays a user: runs words on a new terminal of 33 lines, and types each of the next words when it has seen the one before it. */
const USER = `
import fcntl, json, os, pty, select, struct, sys, termios
words, script = json.loads(sys.argv[1])
pid, master = pty.fork()
if pid == 0:
    os.execvp(words[0], words)
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
shown = b""
def more():
    global shown
    try: part = os.read(master, 4096)
    except OSError: part = b""
    shown += part
    return part != b""
seen = 0
for expected, typed in script:
    while expected.encode() not in shown[seen:]:
        if not more(): break
    seen = len(shown)
    try: os.write(master, typed.encode())
    except OSError: pass
while more(): pass
print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()]))
`;

/** Exit code, and what the terminal has shown. */
async function play(
  place: Place,
  options: readonly string[],
  words: readonly string[],
  script: readonly (readonly [expected: string, typed: string])[],
): Promise<[number, string]> {
  const umiak = umiakArgs(["run", "--network", "none", ...options, place.image, ...words]);
  const { success, stdout, stderr } = await new Deno.Command("python3", {
    args: ["-c", USER, JSON.stringify([[Deno.execPath(), ...umiak], script])],
    env: place.env,
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout)) as [number, string];
}

const NEEDS = { ...AS_ROOT, tools: ["python3"] };

testWhen(
  NEEDS,
  "-it: the program's terminal is on this one's, with its size; ^C is the program's",
  () =>
    withPlace(async (place) => {
      const [code, shown] = await play(place, ["-it"], [
        "sh",
        "-c",
        "tty; stty size; echo begun; cat; exit 5",
      ], [
        ["begun\r\n", "typed\n"],
        ["typed\r\ntyped\r\n", "\x04"],
      ]);
      assert.deepEqual([code, shown.includes("/dev/pts/0\r\n33 101\r\n")], [5, true], shown);
      const interrupted = await play(place, ["-it"], [
        "sh",
        "-c",
        // A cat that begins after ^C would never hear of it, and the shell would wait for it.
        "trap 'echo trapped; exit 7' INT; echo begun; while :; do sleep 0.05; done",
      ], [
        ["begun\r\n", "\x03"],
      ]);
      assert.deepEqual([interrupted[0], interrupted[1].includes("trapped\r\n")], [7, true], interrupted[1]);
      assert.deepEqual(place.left(), []);
    }),
);

testWhen(
  NEEDS,
  "-t alone, and without a terminal: ^C is umiak's, which passes the signal on",
  () =>
    withPlace(async (place) => {
      const script = "trap 'echo trapped; exit 7' INT; echo begun; while :; do sleep 0.1; done";
      for (const options of [["-t"], []]) {
        const [code, shown] = await play(place, options, ["sh", "-c", script], [["begun", "\x03"]]);
        assert.deepEqual([code, shown.includes("trapped\r")], [7, true], shown);
      }
      const piped = await place.run(["-it", "--network", "none"], ["true"]);
      assert.deepEqual([piped.code, /the input device is not a TTY/.test(piped.stderr)], [125, true]);
    }),
);
