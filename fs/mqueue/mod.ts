/** The message queue filesystem (man 7 mq_overview). @module */
export * from "./queue.ts";
export * from "./super.ts";
