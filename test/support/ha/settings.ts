/** Repeats a run's choices; how they meet, the machine decides. */
export const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

/** Seconds that each test with faults goes on with them, at least once through all of them. */
export const DURATION = Number(process.env.DURATION ?? 20);
