/** The userland kernel as the actor of tests/processes/actors.c: the same commands, answered by our own calls. @module */
import { CLONE_NEWPID } from "../../runtime/abi/linux/clone.ts";
import { PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG } from "../../runtime/abi/linux/prctl.ts";
import { exited } from "../../runtime/abi/linux/wait_status.ts";
import { commitCredentials } from "../../runtime/sandbox/kernel/commit_cred.ts";
import { Kernel } from "../../runtime/sandbox/kernel/kernel.ts";
import { prctl } from "../../runtime/sandbox/kernel/prctl.ts";
import { getpgid, getsid, setpgid, setsid } from "../../runtime/sandbox/kernel/session.ts";
import { setresuid } from "../../runtime/sandbox/kernel/set_ids.ts";
import {
  DEFAULT_ACTION,
  SA_NOCLDSTOP,
  SA_NOCLDWAIT,
  SA_RESETHAND,
  SIG_DFL,
  SIG_IGN,
  type SigAction,
} from "../../runtime/sandbox/kernel/sigaction.ts";
import { SigSet } from "../../runtime/sandbox/kernel/sigset.ts";
import type { Task } from "../../runtime/sandbox/kernel/task.ts";
import { clone } from "../../runtime/sandbox/kernel/task_clone.ts";
import { kill } from "../../runtime/sandbox/kernel/task_kill.ts";
import { wait4, type Waited, WNOHANG } from "../../runtime/sandbox/kernel/task_wait.ts";

const HANDLER = 100;

/** What actors.c does for `action SIGNAL HOW`. */
function actionOf(how: number): SigAction {
  const handler = how === 1 ? SIG_IGN : how === 0 || how === 4 ? SIG_DFL : HANDLER;
  const flags = how === 3 ? SA_NOCLDSTOP : how === 4 ? SA_NOCLDWAIT : how === 5 ? SA_RESETHAND : 0;
  return { ...DEFAULT_ACTION, handler, flags };
}

function made(parent: Task, flags = 0): Task {
  const task = clone(parent, { flags });
  if (typeof task === "number") throw new Error(`clone: errno ${-task}`);
  task.driven = true; // it ends when we say so: after the call that killed it
  return task;
}

/** See the module's comment. */
export class Model {
  /** Actors by their number. */
  readonly actors: Task[] = [];
  readonly #counts: Map<Task, number[]> = new Map();

  /** The kernel. */
  readonly kernel: Kernel = new Kernel();
  /** The process outside of the namespace whose child its init is. */
  readonly outside: Task = this.kernel.spawn();

  /** A kernel with an actor 0, the init of a pid namespace. */
  constructor() {
    this.actors.push(made(this.outside, CLONE_NEWPID));
  }

  /** Can an actor take a command? */
  isReady(actor: number): boolean {
    const task = this.actors[actor]!;
    return !task.dying && !task.stopped;
  }

  /** Ends what is to end, and runs handlers that are due, until nothing happens any more. */
  #settle(): void {
    for (let over = false; !over;) {
      over = true;
      for (const task of [...this.kernel.tasks()]) {
        if (!task.dying || task.exiting) continue;
        task.exit(task.exitStatus!);
        over = false;
      }
    }
    for (const task of this.kernel.tasks()) {
      while (!task.stopped && !task.dying && task.signalPending) {
        const delivery = task.signals.take();
        if (delivery === null) break;
        const counts = this.#counts.get(task) ?? [];
        counts.push(delivery.info.signal);
        this.#counts.set(task, counts);
        task.signals.sigreturn(delivery.oldMask);
      }
    }
  }

  /** Does one command; its result as actors.c prints it. */
  run(actor: number, command: string, args: readonly number[]): string {
    const task = this.actors[actor]!;
    const result = this.#perform(task, command, args);
    this.#settle();
    return task.dying ? "gone" : task.stopped ? "stopped" : String(result);
  }

  #perform(task: Task, command: string, [a = 0, b = 0, c = 0, ...rest]: readonly number[]): number | string {
    const list = (signals: readonly number[]): string => signals.map((signal) => `${signal} `).join("");
    switch (command) {
      case "fork":
        this.actors[a] = made(task);
        return this.actors[a].pid;
      case "exit":
        task.exit(exited(a));
        return "";
      case "kill":
        return kill(task, a, b);
      case "setpgid":
        return setpgid(task, a, b);
      case "setsid":
        return setsid(task);
      case "getpgid":
        return getpgid(task, a);
      case "getsid":
        return getsid(task, a);
      case "getppid":
        return task.parent!.id.in(task.pidNs);
      case "subreaper":
        return prctl(task, PR_SET_CHILD_SUBREAPER, a);
      case "pdeath":
        return prctl(task, PR_SET_PDEATHSIG, a);
      case "setresuid": {
        const cred = setresuid(task.cred, a, b, c);
        if (typeof cred === "number") return cred;
        commitCredentials(task, cred);
        return 0;
      }
      case "action":
        return task.signals.setAction(a, actionOf(b));
      case "mask":
        task.signals.setMask(SigSet.of(...[a, b, c, ...rest].filter((signal) => signal > 0)));
        return 0;
      case "wait": {
        const found: Waited[] = [];
        for (;;) {
          const next = wait4(task, a, b | WNOHANG) as Waited | number;
          if (typeof next === "number" || next.pid === 0) {
            const lines = found.sort((x, y) => x.pid - y.pid).map(({ pid, status }) =>
              `${pid} ${status.toString(16)}`
            );
            return [...lines, typeof next === "number" ? next : 0].join(", ");
          }
          found.push(next);
        }
      }
      case "pending":
        return list(Array.from({ length: 64 }, (_, i) => i + 1).filter((n) => task.signals.pending().has(n)));
      case "caught": {
        const counts = this.#counts.get(task) ?? [];
        this.#counts.delete(task);
        // How many times a standard signal came is a matter of time.
        return list(counts.filter((n, i) => n >= 32 || counts.indexOf(n) === i).sort((x, y) => x - y));
      }
    }
    throw new Error(`no command ${command}`);
  }
}
