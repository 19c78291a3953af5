/** Driving a task: its program, what execve puts in its place, its end. @module */
import type { LoadedImage } from "./binfmt.ts";
import type { Task } from "./task.ts";

/**
 * Runs a task's program to the end of the task; resolves with its wait status once it has ended. A program that calls `execInPlace` ends
 * (as by proc_exit) and the new one runs.
 */
export async function runTask(task: Task, image: LoadedImage): Promise<number> {
  task.driven = true;
  for (let now: LoadedImage | null = image; now !== null;) {
    const status: number = await now.run();
    now = task.dying ? null : task.nextImage;
    task.nextImage = null;
    if (now === null) task.exit(task.dying ? task.exitStatus ?? status : status);
  }
  return await task.ended();
}
