/** What verbs need that only print something. @module */
export * as features from "../../../../cli/runtime/commands/features.ts";
export * as spec from "../../../../cli/runtime/commands/spec.ts";
