/** cgroup2: the tree of control groups as files. @module */
export * from "./directory.ts";
export * from "./super.ts";
