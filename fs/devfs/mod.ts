/** Devices. @module */
export * from "./drivers.ts";
