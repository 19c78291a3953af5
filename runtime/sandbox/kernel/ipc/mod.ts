/** Inter-process communication: System V message queues and semaphores, POSIX message queues. @module */
export * from "./caller.ts";
export * from "./id_table.ts";
export * from "./ipc_objects.ts";
export * from "./limits.ts";
export * from "./message_queues.ts";
export * from "./posix_queues.ts";
export * from "./semaphores.ts";
export * from "./sysctls.ts";
