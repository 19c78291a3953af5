/** A console socket's other side, as conmon is it. @module */

/** Takes one terminal at a socket, types a line, and prints what the terminal shows until its end. */
const TAKER = `
import os, socket, sys
server = socket.socket(socket.AF_UNIX); server.bind(sys.argv[1]); server.listen()
print("ready", flush=True)
connection, _ = server.accept()
name, fds, _, _ = socket.recv_fds(connection, 4096, 4)
if not fds: sys.exit(1)
print(name.decode(), len(fds), flush=True)
os.write(fds[0], b"typed\\n")
shown = b""
while True:
    try: part = os.read(fds[0], 4096)
    except OSError: break
    if not part: break
    shown += part
print(shown.decode(), end="")
`;

/** What a terminal shows whose master is sent to a console socket while `use` makes it. */
export async function terminalOf(path: string, use: (socket: string) => Promise<void>): Promise<string> {
  const taker = new Deno.Command("python3", { args: ["-c", TAKER, path], stdout: "piped", stderr: "inherit" })
    .spawn();
  const reader = taker.stdout.getReader(), decoder = new TextDecoder();
  let said = "";
  const more = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    said += decoder.decode(value, { stream: true });
    return !done;
  };
  try {
    while (!said.includes("ready\n") && await more());
    await use(path);
  } catch (error) {
    try {
      taker.kill("SIGKILL");
    } catch {
      // It has ended: the socket was connected to, and closed.
    }
    throw error;
  } finally {
    while (await more());
    await taker.status;
  }
  return said;
}
