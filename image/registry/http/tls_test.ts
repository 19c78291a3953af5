import assert from "node:assert/strict";
import { testWhen } from "../../../tests/support/when.ts";
import { withDirectory } from "../../../tests/support/umiak.ts";
import { Registry } from "../registry.ts";
import { collect, describe, noise, pieces, quick } from "../testing/served.ts";
import { createRegistry } from "../server/registry.ts";
import { MemoryStorage } from "../server/memory_storage.ts";
import { NetworkError } from "./errors.ts";
import { tlsSettings } from "./tls.ts";

async function openssl(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args, stdout: "null", stderr: "piped" })
    .output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** An issuer (ca.pem), and certificates by it: server.pem and client.pem, with .key each. */
async function authority(directory: string): Promise<void> {
  const at = (name: string): string => `${directory}/${name}`;
  await openssl(
    "req",
    "-x509",
    ...KEY,
    "-days",
    "2",
    "-keyout",
    at("ca.key"),
    "-out",
    at("ca.pem"),
    "-subj",
    "/CN=authority",
  );
  await Deno.writeTextFile(
    at("ext"),
    "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n",
  );
  for (const name of ["server", "client"]) {
    await openssl(
      "req",
      ...KEY,
      "-keyout",
      at(`${name}.key`),
      "-out",
      at(`${name}.csr`),
      "-subj",
      `/CN=${name}`,
    );
    await openssl(
      ...[
        "x509",
        "-req",
        "-in",
        at(`${name}.csr`),
        "-CA",
        at("ca.pem"),
        "-CAkey",
        at("ca.key"),
        "-CAcreateserial",
      ],
      ...["-days", "2", "-extfile", at("ext"), "-out", at(`${name}.pem`)],
    );
  }
}

async function tlsServed(cert: string, key: string, run: (host: string) => Promise<void>): Promise<void> {
  const registry = createRegistry({ storage: new MemoryStorage() });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} }, registry);
  try {
    await run(`127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
    await registry.close();
  }
}

testWhen(
  { tools: ["openssl"] },
  "TLS: an issuer of one's own, from options and from certs.d; none without",
  async () => {
    await withDirectory(async (directory) => {
      await authority(directory);
      const read = (name: string): Promise<string> => Deno.readTextFile(`${directory}/${name}`);
      await tlsServed(await read("server.pem"), await read("server.key"), async (host) => {
        await assert.rejects(
          new Registry(host, quick()).ping(),
          (error) =>
            error instanceof NetworkError && error.isCertificate &&
            /the issuer of its certificate is unknown/.test(error.message),
        );
        const caCerts = [await read("ca.pem")];
        await new Registry(host, { ...quick(), caCerts }).ping();
        await Deno.mkdir(`${directory}/certs.d/${host}`, { recursive: true });
        await Deno.copyFile(`${directory}/ca.pem`, `${directory}/certs.d/${host}/ca.crt`);
        const repository = new Registry(host, { ...quick(), certDirs: [`${directory}/certs.d`] }).repository(
          "a",
        );
        const blob = noise(3_000_000), descriptor = describe(blob);
        await repository.putBlob(descriptor, () => pieces(blob));
        assert.deepEqual(await collect(repository.getBlob(descriptor)), blob);
      });
    });
  },
);

testWhen(
  { tools: ["openssl"] },
  "TLS: a certificate that is its own issuer's, and tlsVerify: false",
  async () => {
    await withDirectory(async (directory) => {
      const key = `${directory}/k`, cert = `${directory}/c`;
      await openssl(
        ...["req", "-x509", ...KEY, "-days", "2", "-keyout", key, "-out", cert, "-subj", "/CN=x"],
        ...["-addext", "subjectAltName=IP:127.0.0.1"],
      );
      const pem = await Deno.readTextFile(cert);
      await tlsServed(pem, await Deno.readTextFile(key), async (host) => {
        await assert.rejects(new Registry(host, quick()).ping(), /TLS: .*certificate/);
        await new Registry(host, { ...quick(), caCerts: [pem] }).ping();
        const repository = new Registry(host, { ...quick(), tlsVerify: false }).repository("a");
        const blob = noise(2_000_000), descriptor = describe(blob);
        await repository.putBlob(descriptor, () => pieces(blob));
        assert.deepEqual(await collect(repository.getBlob(descriptor)), blob);
      });
    });
  },
);

testWhen({ tools: ["openssl"] }, "TLS: a certificate of the client, as certs.d has it", async () => {
  const { createServer } = await import("node:https");
  await withDirectory(async (directory) => {
    await authority(directory);
    const read = (name: string): string => Deno.readTextFileSync(`${directory}/${name}`);
    const options = {
      cert: read("server.pem"),
      key: read("server.key"),
      ca: read("ca.pem"),
      requestCert: true,
      rejectUnauthorized: true,
    };
    const server = createServer(options, (_request, response) => response.end("{}"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const host = `127.0.0.1:${(server.address() as { port: number }).port}`;
      const own = `${directory}/certs.d/${host}`;
      await Deno.mkdir(own, { recursive: true });
      await Deno.copyFile(`${directory}/ca.pem`, `${own}/ca.crt`);
      const registry = (): Registry => new Registry(host, { ...quick(), certDirs: [`${directory}/certs.d`] });
      await assert.rejects(registry().ping(), NetworkError);
      await Deno.copyFile(`${directory}/client.pem`, `${own}/client.cert`);
      await assert.rejects(registry().ping(), /client\.cert: its key client\.key is missing/);
      await Deno.copyFile(`${directory}/client.key`, `${own}/client.key`);
      await registry().ping();
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

Deno.test("tlsSettings() does not let a host's name lead out of certs.d", async () => {
  await withDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/certs.d`);
    await Deno.writeTextFile(`${directory}/x.crt`, "pem");
    for (const host of ["..", "../", ".", "a/../.."]) {
      assert.equal(await tlsSettings(host, { certDirs: [`${directory}/certs.d`] }), undefined, host);
    }
  });
});
