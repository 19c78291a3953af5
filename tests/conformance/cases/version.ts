/** config.md#specification-version, #extensibility. @module */
import type { Subject } from "../types.ts";

/** ociVersion, and what a configuration may be at all. */
export const version: Subject = {
  subject: "ociVersion",
  cases: [
    {
      name: "an earlier minor version is run",
      spec: "config.md#specification-version: if a configuration is compliant with version 1.1 of this " +
        "specification, it is compatible with all runtimes that support any 1.1 or later release",
      config: { ociVersion: "1.0.0" },
      expect: [["pid", "is", 1]],
    },
    {
      name: "a version that is not SemVer is an error",
      spec: "config.md#specification-version: ociVersion (string, REQUIRED) MUST be in SemVer v2.0.0 format",
      config: { ociVersion: "one" },
      fails: "create",
    },
    {
      name: "without a version there is no container",
      spec: "config.md#specification-version: ociVersion (string, REQUIRED)",
      config: { ociVersion: null },
      fails: "create",
    },
    {
      name: "text that is not JSON is an error",
      spec:
        "config.md#valid-values: Runtimes MUST generate an error when invalid or unsupported values are encountered",
      text: "{",
      fails: "create",
    },
    {
      name: "unknown properties are ignored",
      spec: "config.md#extensibility: Runtimes MAY log unknown properties but MUST otherwise ignore them",
      config: {
        "com.example.unknown": { a: 1 },
        process: { unknown: [1] },
        linux: { unknown: "x", resources: { oomScoreAdj: 100 } },
      },
      expect: [["pid", "is", 1]],
    },
    {
      name: "a value of the wrong type is an error",
      spec:
        "config.md#valid-values: Runtimes MUST generate an error when invalid or unsupported values are encountered",
      config: { process: { cwd: 7 } },
      fails: "create",
    },
  ],
};
