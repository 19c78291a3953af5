/** Building blocks of pseudo filesystems. @module */
export * from "./pseudo.ts";
export * from "./bound_file.ts";
