/** `umiak registry`. @module */
import type { CommandSpec } from "../parser.ts";

/** `umiak registry`. */
export const REGISTRY: CommandSpec = {
  name: "registry",
  help: "Be a registry",
  commands: [
    {
      name: "serve",
      help: "Serve a directory of OCI layouts as a registry, until a signal ends it",
      options: [
        { name: "root", value: "DIR", help: "Directory of the content; below umiak's own by default" },
        { name: "listen", value: "HOST:PORT", help: "Address; 127.0.0.1:5000 by default, port 0 for any" },
        { name: "htpasswd", value: "FILE", help: "Let in only users of this file (htpasswd -B)" },
        { name: "anonymous-pull", help: "With --htpasswd: let everybody read" },
        { name: "tls-cert", value: "FILE", help: "Certificate and those of its issuers, PEM" },
        { name: "tls-key", value: "FILE", help: "Its private key, PEM" },
        { name: "read-only", help: "Refuse to change anything" },
        { name: "no-delete", help: "Refuse to delete anything" },
        { name: "allow-sparse", help: "Take indexes some of whose images are not here" },
        { name: "max-blob", value: "SIZE", help: "Largest blob, e.g. 20g; 128g by default" },
      ],
      run: async (parsed) => (await import("../commands/registry.ts")).serve(parsed),
    },
  ],
};
