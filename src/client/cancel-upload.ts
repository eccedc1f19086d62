import type { Session } from "./session.ts";

/** Tells the registry that nobody will go on with an upload; it finds out by itself where that fails. */
export const cancelUpload = async (
	session: Session,
	repository: string,
	location: URL,
	signal: AbortSignal,
): Promise<void> => {
	if (signal.aborted) return;
	const scopes = [`repository:${repository}:pull,push`];
	try {
		await (await session.sendOnce({ method: "DELETE", url: location, scopes }, signal)).discard();
	} catch {
		// See above.
	}
};
