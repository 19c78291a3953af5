/** Building blocks of pseudo filesystems. @module */
export * from "./pseudo.ts";
