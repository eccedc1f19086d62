/** Waits for `work`, but no longer than until the signal fires; the work goes on then. @throws the signal's reason */
export const abortable = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
	signal.throwIfAborted();
	const { promise, reject } = Promise.withResolvers<never>();
	const stop = (): void => reject(signal.reason);
	signal.addEventListener("abort", stop, { once: true });
	try {
		return await Promise.race([work, promise]);
	} finally {
		signal.removeEventListener("abort", stop);
	}
};
