/** What has been found out about a Linux: plain data. @module */

/** Why something cannot be done, as the system says it; undefined if it can. */
export type Failure = string | undefined;

/** How an ordinary user's ids are mapped. */
export interface IdFacts {
  /** User ids that a container has. */
  readonly uids: number;
  /** Group ids that a container has. */
  readonly gids: number;
  /** Why these cannot be mapped. */
  readonly failure: Failure;
}

/** Control groups. */
export interface CgroupFacts {
  /** How they are mounted: "unified", "hybrid", "legacy", "none". */
  readonly mode: "unified" | "hybrid" | "legacy" | "none";
  /** Controllers that are there for containers. */
  readonly controllers: readonly string[];
  /** Why a cgroup for a container cannot be made. */
  readonly failure: Failure;
  /** Why the devices of one cannot be limited; of an ordinary user's they are not. */
  readonly devices: Failure;
}

/** What private networks are made of. */
export interface NetworkFacts {
  /** A bridge. */
  readonly bridge: Failure;
  /** A pair of links. */
  readonly veth: Failure;
  /** A table of nf_tables with what containers need: masquerading, state of connections. */
  readonly filter: Failure;
  /** Packets for others are passed on (sysctl net.ipv4.ip_forward); undefined if that cannot be read. */
  readonly forwarding: boolean | undefined;
}

/** All that needs system calls. */
export interface CallFacts {
  /** System calls that native containers are made with and that are not to be had, with the reason. */
  readonly refused: Readonly<Record<string, string>>;
  /** Why a program that is in memory only cannot be executed. */
  readonly program: Failure;
  /** Sysctl vm.memfd_noexec; undefined if there is none. */
  readonly memfdNoexec: number | undefined;
  /** Types of namespaces that cannot be made, with the reason; of an ordinary user, below a user namespace of its own. */
  readonly namespaces: Readonly<Record<string, string>>;
  /** Of an ordinary user. */
  readonly ids: IdFacts | undefined;
  /** Control groups. */
  readonly cgroups: CgroupFacts;
  /** Actions of filters of system calls that the kernel has, by libseccomp's names; none if it has no filters. */
  readonly actions: readonly string[];
  /** Why an overlay cannot be mounted on the store's filesystem. */
  readonly overlay: Failure;
  /** Of root. */
  readonly network: NetworkFacts | undefined;
}

/** A Linux. */
export interface LinuxFacts {
  /** Its version. */
  readonly release: string;
  /** This process is root. */
  readonly root: boolean;
  /** Sysctls that keep ordinary users from making user namespaces, with their values; those that are not there are left out. */
  readonly userNamespaceSysctls: Readonly<Record<string, string>>;
  /** Security modules that are on, by the kernel's names. */
  readonly modules: readonly string[];
  /** Why no system calls can be made; what needs them is not known then. */
  readonly noCalls: Failure;
  /** The rest. */
  readonly calls: CallFacts | undefined;
}
