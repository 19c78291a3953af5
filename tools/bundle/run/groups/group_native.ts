/** What `umiak run` needs on Linux's own kernel. @module */
export * as run from "../../../../runtime/engine/native/run_native.ts";
export * as backend from "../../../../runtime/native/container/backend.ts";
export * as create from "../../../../runtime/native/container/create.ts";
export * as destroy from "../../../../runtime/native/container/destroy.ts";
export * as start from "../../../../runtime/native/container/start.ts";
export * as decode from "../../../../runtime/spec/decode.ts";
