/** Repeats a run's choices; which requests are hit by them, the machine decides. */
export const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

/** Seconds that each test pushes and kills. */
export const DURATION = Number(process.env.DURATION ?? 10);
