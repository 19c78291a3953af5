/** The start of sysfs(5): what programs ask for to learn about processors and the kernel. @module */
import { type Clock, hostClock } from "../vfs/clock.ts";
import type { FsType } from "../vfs/vfs.ts";
import { PseudoSuper, StaticDir, TextFile } from "../pseudo/mod.ts";

/** A sysfs. */
export class SysfsSuper extends PseudoSuper {
  /** See SuperBlock. */
  readonly type = "sysfs";
  /** See PseudoSuper. */
  readonly magic = 0x62656572;
  /** See SuperBlock. */
  readonly root: StaticDir;

  /** A sysfs that shows `cpus` processors. */
  constructor(cpus = 1, clock: Clock = hostClock) {
    super(clock);
    const dir = (): StaticDir => new StaticDir(this, 0o755);
    const text = (value: string): TextFile => new TextFile(this, () => `${value}\n`);
    const cgroup = dir()
      .add("delegate", text("cgroup.procs\ncgroup.threads\ncgroup.subtree_control"))
      .add("features", text("memory_localevents\nnsdelegate"));
    const range = cpus > 1 ? `0-${cpus - 1}` : "0";
    const cpu = dir().add("online", text(range)).add("possible", text(range)).add("present", text(range));
    for (let i = 0; i < cpus; i++) cpu.add(`cpu${i}`, dir());
    this.root = dir()
      .add("block", dir())
      .add("bus", dir())
      .add("class", dir().add("net", dir()))
      .add("dev", dir())
      .add("devices", dir().add("system", dir().add("cpu", cpu)))
      .add("firmware", dir())
      .add("fs", dir().add("cgroup", dir()))
      .add("kernel", dir().add("cgroup", cgroup))
      .add("module", dir());
  }
}

/** mount -t sysfs. */
export const sysfsType: FsType = {
  name: "sysfs",
  nodev: true,
  create: (_options, _source, caller) => new SysfsSuper(1, caller.vfs.clock),
};
