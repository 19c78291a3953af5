/** What kill and delete of a native container need. @module */
export * as backend from "../../../../runtime/native/container/backend.ts";
export * as destroy from "../../../../runtime/native/container/destroy.ts";
export * as kill from "../../../../runtime/native/container/kill.ts";
