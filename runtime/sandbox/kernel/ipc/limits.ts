/** Limits of an IPC namespace: /proc/sys/kernel/{msg*,sem,shm*} and /proc/sys/fs/mqueue (man 5 proc_sys_kernel, man 7 mq_overview). @module */

/** All of them, with Linux's defaults. */
export class IpcLimits {
  /** Most bytes of a message. */
  msgmax = 8192;
  /** Most bytes of a message queue. */
  msgmnb = 16384;
  /** Most message queues. */
  msgmni = 32000;
  /** Most semaphores of a set. */
  semmsl = 32000;
  /** Most semaphores. */
  semmns = 1024000000;
  /** Most operations of a semop. */
  semopm = 500;
  /** Most sets of semaphores. */
  semmni = 32000;
  /** Most bytes of a shared memory segment. */
  shmmax = 18446744073692774399n;
  /** Most pages of shared memory. */
  shmall = 18446744073692774399n;
  /** Most shared memory segments. */
  shmmni = 4096;
  /** Segments go with their last user. */
  shmRmidForced = 0;
  /** Most POSIX queues. */
  queuesMax = 256;
  /** Most messages of a POSIX queue that an unprivileged process makes. */
  queueMessages = 10;
  /** Most bytes of a message of such a queue. */
  queueMessageSize = 8192;
  /** Messages of a queue that is made without attributes. */
  defaultMessages = 10;
  /** Bytes of a message of such a queue. */
  defaultMessageSize = 8192;
}
