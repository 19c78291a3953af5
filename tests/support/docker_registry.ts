/** Debian's docker-registry on a port of loopback, for tests and benches. @module */

/** Runs `run` with a registry that keeps everything in `directory`; `more` is added to its configuration. */
export async function withDockerRegistry<T>(
  directory: string,
  more: { readonly storage?: object; readonly auth?: object },
  run: (host: string) => Promise<T>,
): Promise<T> {
  const config = {
    version: "0.1",
    log: { level: "info", accesslog: { disabled: true } },
    http: { addr: "127.0.0.1:0" },
    ...more,
    storage: { filesystem: { rootdirectory: `${directory}/data` }, ...more.storage },
  };
  await Deno.writeTextFile(`${directory}/config.yml`, JSON.stringify(config));
  const child = new Deno.Command("docker-registry", {
    args: ["serve", `${directory}/config.yml`],
    stdout: "null",
    stderr: "piped",
    env: { OTEL_TRACES_EXPORTER: "none" },
  }).spawn();
  const host = Promise.withResolvers<string>();
  const reading = (async () => {
    let text = "";
    for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
      text = (text + chunk).slice(-10_000);
      const match = /listening on (127\.0\.0\.1:\d+)/.exec(text);
      if (match !== null) host.resolve(match[1]!);
    }
    host.reject(new Error(`docker-registry has ended: ${text}`));
  })();
  try {
    return await run(await host.promise);
  } finally {
    child.kill("SIGTERM");
    await child.status;
    await reading.catch(() => {});
  }
}
