/** Is told what became of runs of policies. */
export interface PolicyMeter {
	/** A run began. */
	began(feature: string): void;
	/** A run ended, in so many milliseconds; its outcome as in reports. */
	ended(feature: string, outcome: string, tookMs: number): void;
}
