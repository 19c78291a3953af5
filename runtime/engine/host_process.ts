/** The processes that stand for a container's, and the command that becomes one. @module */
export { hostMain } from "../sandbox/exec/host/main.ts";
export { setHostCommand } from "../sandbox/exec/container/host_command.ts";
export { listenForSignals as forwardSignals } from "../sandbox/exec/host/signals.ts";
