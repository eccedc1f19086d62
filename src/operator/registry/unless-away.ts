import { ControlError } from "#/control/control-error.ts";

/** What is read, or what stands: that a registry does not answer is said elsewhere, and must not keep the rest from being said. */
export const unlessAway = <T>(reading: Promise<T>, standing: T | undefined): Promise<T | undefined> =>
	reading.catch((error: unknown) => {
		if (error instanceof ControlError) return standing;
		throw error;
	});
