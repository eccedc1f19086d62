/** What a shell says of a process that such a signal ended. */
const EXIT_CODES = { SIGTERM: 143, SIGINT: 130 } as const;

/**
 * Lets SIGTERM and SIGINT end the process for as long as nobody else listens for them, as they do by themselves to any
 * process but the first one of a container: to that one they mean nothing, and it would be killed after the grace.
 */
export const endWhenTold = (): void => {
	for (const name of ["SIGTERM", "SIGINT"] as const) {
		process.on(name, () => {
			if (process.listenerCount(name) === 1) process.exit(EXIT_CODES[name]);
		});
	}
};
