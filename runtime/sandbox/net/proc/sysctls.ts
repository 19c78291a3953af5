/** Parameters of network namespaces (/proc/sys/net). @module */
import { EINVAL } from "../../../../fs/abi/errno.ts";
import type { NetSysctls } from "../namespace.ts";

/** One parameter. */
export interface NetParameter {
  /** Its value as text. */
  readonly read: (sysctls: NetSysctls) => string | number;
  /** Sets it: 0 or -EINVAL. */
  readonly write: (sysctls: NetSysctls, text: string) => number;
}

/** The highest group id (GID_T_MAX). */
const MAX_GID = 2 ** 31 - 1;

/** Numbers as proc_dointvec reads them: decimal, hexadecimal or octal, apart by blanks; undefined for anything else. */
function numbers(text: string, count: number): number[] | undefined {
  const words = text.trim().split(/\s+/);
  if (words.length !== count || words.some((word) => !/^[+-]?(0x[0-9a-f]+|\d+)$/i.test(word))) {
    return undefined;
  }
  const values = words.map((word) => /^[+-]?0\d/.test(word) ? parseInt(word, 8) : Number(word));
  return values.every((n) => Number.isSafeInteger(n)) ? values : undefined;
}

function number(
  read: (s: NetSysctls) => number,
  set: (s: NetSysctls, n: number) => void,
  min: number,
  max: number,
): NetParameter {
  return {
    read,
    write(sysctls, text) {
      const value = numbers(text, 1)?.[0];
      if (value === undefined || value < min || value > max) return -EINVAL;
      set(sysctls, value);
      return 0;
    },
  };
}

/** By name. */
export const NET_PARAMETERS: Readonly<Record<string, NetParameter>> = {
  "net.core.somaxconn": number((s) => s.somaxconn, (s, n) => s.somaxconn = n, 0, 2 ** 31 - 1),
  "net.ipv4.ip_forward": number((s) => Number(s.ipForward), (s, n) => s.ipForward = n !== 0, 0, 2 ** 31 - 1),
  "net.ipv4.ip_local_port_range": {
    read: ({ portRange: [first, last] }) => `${first}\t${last}`,
    write(sysctls, text) {
      const [first, last] = numbers(text, 2) ?? [];
      if (first === undefined || last === undefined || first < 1 || last > 65535 || first > last) {
        return -EINVAL;
      }
      if (first < sysctls.unprivilegedPortStart) return -EINVAL; // (ipv4_local_port_range)
      sysctls.portRange = [first, last];
      return 0;
    },
  },
  "net.ipv4.ping_group_range": {
    read: ({ pingGroups: [first, last] }) => `${first}\t${last}`,
    write(sysctls, text) {
      const [first, last] = numbers(text, 2) ?? [];
      if (first === undefined || last === undefined || first < 0 || last < 0) return -EINVAL;
      if (Math.max(first, last) > MAX_GID) return -EINVAL;
      sysctls.pingGroups = first > last ? [1, 0] : [first, last]; // (ipv4_ping_group_range)
      return 0;
    },
  },
  "net.ipv4.ip_unprivileged_port_start": {
    read: (s) => s.unprivilegedPortStart,
    write(sysctls, text) {
      const value = numbers(text, 1)?.[0];
      if (value === undefined || value < 0 || value > 65535) return -EINVAL;
      if (value > sysctls.portRange[0]) return -EINVAL; // (ipv4_privileged_ports)
      sysctls.unprivilegedPortStart = value;
      return 0;
    },
  },
};
