import { createLogger, describe, writeStdout } from "#/app/logger.ts";
import { stopAndExit, untilTold } from "#/app/until-told.ts";
import { formatStandalone } from "./format-standalone.ts";
import { openStandalone, type Standalone } from "./open-standalone.ts";
import { readStandaloneOptions, STANDALONE_HELP } from "./standalone-options.ts";

/** How long a stop may take, milliseconds: the longest drain of a registry, and some. */
const STOP_MS = 60_000;

/** Runs `limani standalone`. Resolves to the process's exit code, or to undefined while it goes on. */
export const standaloneCommand = async (args: readonly string[]): Promise<number | undefined> => {
	const options = readStandaloneOptions(args, process.env);
	if (options === undefined) {
		writeStdout(STANDALONE_HELP);
		return 0;
	}
	// A person reads along at a terminal, and after `npm start`: what went well is in the summary.
	const isRead = process.stdout.isTTY || process.env.npm_lifecycle_event === "start";
	const logger = createLogger(options.logLevel ?? (isRead ? "warn" : "info"));
	const stopping = untilTold(logger);
	const standalone = await openStandalone(options, logger);
	void stopping.told.then(() => stopAndExit(standalone, STOP_MS, logger));
	standalone.ended.catch((error: unknown) => {
		logger.error("operator.ended", { error: describe(error) });
		void stopAndExit(standalone, STOP_MS, logger).finally(() => process.exit(1));
	});
	try {
		await standalone.whenReady(stopping.signal);
	} catch (error) {
		if (stopping.signal.aborted) return undefined;
		throw error;
	}
	logger.info("ready", { kubernetes: standalone.kubeUrl });
	if (isRead) writeStdout(summaryOf(standalone));
	return undefined;
};

const summaryOf = ({ stores, kubeUrl, kubeconfig }: Standalone): string =>
	formatStandalone({
		registries: [...stores.registries.list()],
		projects: [...stores.projects.list()],
		robotAccounts: [...stores.robotAccounts.list()],
		retentionPolicies: [...stores.retentionPolicies.list()],
		replicationPolicies: [...stores.replicationPolicies.list()],
		backupSchedules: [...stores.backupSchedules.list()],
		kubeUrl,
		kubeconfig,
		workingDirectory: process.cwd(),
	});
