/** What create needs, whatever the kernel. @module */
export * as command from "../../../../cli/runtime/commands/create.ts";
export * as decode from "../../../../runtime/spec/decode.ts";
