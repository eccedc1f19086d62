/**
 * How much longer than `limits.stopDelay` and `limits.drain` together a process of the data plane may take to end,
 * milliseconds: it ends then, whatever it is still at, and nobody should kill it before.
 */
export const REGISTRY_STOP_MS = 15_000;
