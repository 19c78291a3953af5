/**
 * A program of a container, or of somebody outside; run in its network namespace.
 *
 *     serve TCP UDP            echoes after a line with the sender's address (TCP), or that address, and what has come before, too (UDP)
 *     tcp HOST PORT TEXT       prints what comes back
 *     bytes HOST PORT COUNT    sends so many bytes by TCP; prints the line, and whether they came back as they are
 *     udp HOST PORT TEXT [no]  prints what comes back, or does not wait for it
 *
 * @module
 */
import { random } from "../../support/random.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function echo(connection: Deno.TcpConn): Promise<void> {
  const writer = connection.writable.getWriter();
  await writer.write(encode(`${connection.remoteAddr.hostname}\n`));
  writer.releaseLock();
  await connection.readable.pipeTo(connection.writable);
}

async function serveUdp(port: number): Promise<void> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port });
  let before = "";
  for await (const [datagram, from] of socket) {
    before += `${(from as Deno.NetAddr).hostname} ${decode(datagram)}\n`;
    await socket.send(encode(before), from);
  }
}

async function serve(tcp: number, udp: number): Promise<void> {
  const listener = Deno.listen({ hostname: "0.0.0.0", port: tcp });
  void serveUdp(udp);
  console.log("ready");
  for await (const connection of listener) echo(connection).catch(() => {});
}

async function sendAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  await connection.closeWrite();
}

/** Sends, and reads at the same time to the end. */
async function exchange(hostname: string, port: number, bytes: Uint8Array): Promise<Uint8Array> {
  const connection = await Deno.connect({ hostname, port });
  const sent = sendAll(connection, bytes);
  const parts: Uint8Array<ArrayBuffer>[] = [], buffer = new Uint8Array(1 << 16);
  for (let n; (n = await connection.read(buffer)) !== null;) parts.push(buffer.slice(0, n));
  await sent;
  connection.close();
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function some(count: number): Uint8Array {
  const next = random(1);
  return Uint8Array.from({ length: count }, () => next(256));
}

async function sendUdp(hostname: string, port: number, text: string, wait: boolean): Promise<void> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
  await socket.send(encode(text), { transport: "udp", hostname, port });
  if (wait) await Deno.stdout.write((await socket.receive())[0]);
  socket.close();
}

const [what, host = "", port = "", text = ""] = Deno.args;
if (what === "serve") await serve(Number(host), Number(port));
else if (what === "tcp") {
  await Deno.stdout.write(await exchange(host, Number(port), encode(text)));
} else if (what === "udp") await sendUdp(host, Number(port), text, Deno.args[4] !== "no");
else {
  const sent = some(Number(text)), back = await exchange(host, Number(port), sent);
  const from = back.indexOf(10), rest = back.subarray(from + 1);
  const same = rest.length === sent.length && rest.every((byte, i) => byte === sent[i]);
  console.log(decode(back.subarray(0, from)), same ? "same" : `${rest.length} others`);
}
