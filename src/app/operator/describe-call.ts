import { describe } from "#/app/logger.ts";
import { KubeError } from "#/kube/kube-error.ts";

/** The text of a failure of a call to the API server: what it said; of anything else also where it happened. */
export const describeCall = (error: unknown): string =>
	error instanceof KubeError ? `${error.code}: ${error.message}` : describe(error);
