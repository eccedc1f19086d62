/**
 * Starts `work` unless the signal is aborted, and settles as it does, or rejects with the signal's reason if that comes
 * first. The work itself goes on then; its outcome is dropped.
 */
export const untilAborted = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
	signal.throwIfAborted();
	const { promise, reject } = Promise.withResolvers<never>();
	const abort = () => reject(signal.reason);
	signal.addEventListener("abort", abort, { once: true });
	try {
		return await Promise.race([work(), promise]);
	} finally {
		signal.removeEventListener("abort", abort);
	}
};
