/** linux.resources as files of cgroups version 2, each with its place in config.json (config-linux.md#control-groups, #unified). @module */
import { resourceWrites } from "../../program/resources.ts";
import { refusal } from "../../spec/refusal.ts";
import type { Resources } from "../../spec/types.ts";
import type { ControllerWrite } from "./version1.ts";

/** What a file is for. */
const PROPERTIES: readonly (readonly [file: RegExp, property: string])[] = [
  [/^memory\.max$/, "memory.limit"],
  [/^memory\.low$/, "memory.reservation"],
  [/^memory\.swap\.max$/, "memory.swap"],
  [/^pids\.max$/, "pids.limit"],
  [/^cpu\.idle$/, "cpu.idle"],
  [/^cpu\.weight$/, "cpu.shares"],
  [/^cpu\.max$/, "cpu.quota"],
  [/^cpu\.max\.burst$/, "cpu.burst"],
  [/^cpuset\.cpus$/, "cpu.cpus"],
  [/^cpuset\.mems$/, "cpu.mems"],
  [/^io\./, "blockIO"],
  [/^hugetlb\./, "hugepageLimits"],
  [/^rdma\./, "rdma"],
];

function propertyOf(file: string): string {
  return `linux.resources${
    PROPERTIES.filter(([pattern]) => pattern.test(file)).map(([, property]) => `.${property}`).join("")
  }`;
}

function unifiedWrites(unified: Resources["unified"], controllers: readonly string[]): ControllerWrite[] {
  return Object.entries(unified).flatMap(([file, text]) => {
    const property = `linux.resources.unified[${JSON.stringify(file)}]`;
    const [controller = ""] = file.split(".");
    if (controller !== "cgroup" && !controllers.includes(controller)) {
      throw refusal(property, `there is no controller ${controller} here`);
    }
    return text.split("\n").filter((line) => line !== "").map((value): ControllerWrite => ({
      ...{ controller: "", files: [file], value, property },
    }));
  });
}

/** Weights where BFQ schedules: its file has them as config.json says them, as runc has it. */
function bfqWrites({ blockIO }: Resources): ControllerWrite[] {
  const write = (value: string, property: string): ControllerWrite => ({
    ...{ controller: "", files: ["io.bfq.weight"], value, property: `linux.resources.blockIO.${property}` },
  });
  return [
    ...blockIO?.weight ? [write(String(blockIO.weight), "weight")] : [],
    ...(blockIO?.weightDevice ?? []).flatMap(({ major, minor, weight }, i) =>
      weight ? [write(`${major}:${minor} ${weight}`, `weightDevice[${i}].weight`)] : []
    ),
  ];
}

/**
 * All but devices, in the order in which it is written. `controllers`: those that the hierarchy has; `bfq`: there is a file io.bfq.weight. Throws
 * for what cannot be said.
 */
export function version2Writes(
  resources: Resources,
  controllers: readonly string[],
  bfq = false,
): ControllerWrite[] {
  const all = resourceWrites({ ...resources, unified: {} }).map((
    { file, value, optional = false },
  ): ControllerWrite => ({
    ...{ controller: "", files: [file], value, property: propertyOf(file), optional },
    again: file === "cpu.max" || file === "cpu.max.burst" || file === "memory.max",
  }));
  const writes = bfq
    ? [...all.filter(({ files }) => files[0] !== "io.weight"), ...bfqWrites(resources)]
    : all;
  return [...writes, ...unifiedWrites(resources.unified, controllers)];
}
