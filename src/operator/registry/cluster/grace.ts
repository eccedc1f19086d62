import { REGISTRY_STOP_MS } from "#/lib/registry-stop-ms.ts";

/** How long a pod serves on after it was told to end, so that Services and proxies notice that it will not be ready. */
const STOP_DELAY_S = 5;

/**
 * How long requests may go on then: longer than a large layer takes over a slow line. Those that end sooner are not waited
 * for. It is bounded by what cluster autoscalers give a pod, ten minutes in all.
 */
const DRAIN_MINUTES = 9;

/** What a node may take to tell its containers, seconds. */
const SPARE_S = 10;

/** How a pod's data plane ends. */
export const ENDING = { stopDelay: `${STOP_DELAY_S}s`, drain: `${DRAIN_MINUTES}m` };

/** How long a pod may take to end before it is killed, seconds: as long as its data plane takes at most, and longer. */
export const GRACE_S = STOP_DELAY_S + 60 * DRAIN_MINUTES + REGISTRY_STOP_MS / 1_000 + SPARE_S;
