import { type Clock, systemClock } from "#/lib/clock.ts";
import { systemTiming as machine, type Timing } from "#/lib/timing.ts";

/** Time and chance, as calls to other registries need them. */
export interface ClientTiming extends Clock, Timing {}

/** The machine's. */
export const systemTiming: ClientTiming = { ...systemClock, ...machine };
