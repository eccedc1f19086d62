/** Who records name as the actor of what the collector takes away. */
export const COLLECTOR = "collector";
