/** What create and run of a native container need. @module */
export * as backend from "../../../../runtime/native/container/backend.ts";
export * as create from "../../../../runtime/native/container/create.ts";
