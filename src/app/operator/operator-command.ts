import { createLogger, describe, writeStdout } from "#/app/logger.ts";
import { stopAndExit, untilTold } from "#/app/until-told.ts";
import type { KubeConnection } from "#/kube/rest/connection.ts";
import { inClusterConnection } from "#/kube/rest/in-cluster-connection.ts";
import { kubeconfigConnection } from "#/kube/rest/kubeconfig-connection.ts";
import { systemTiming } from "#/lib/timing.ts";
import { keepHeapLean } from "./lean-heap.ts";
import { openOperator } from "./open-operator.ts";
import { OPERATOR_HELP, type OperatorOptions, readOperatorOptions } from "./operator-options.ts";

/** How long a stop may take, milliseconds: the longest grace of a reconcile, and some. */
const STOP_MS = 35_000;

/** Runs `limani operator`. Resolves to the process's exit code, or to undefined while it goes on. */
export const operatorCommand = async (args: readonly string[]): Promise<number | undefined> => {
	const options = readOperatorOptions(args, process.env);
	if (options === undefined) {
		writeStdout(OPERATOR_HELP);
		return 0;
	}
	const logger = createLogger(options.logLevel);
	const stopping = untilTold(logger);
	const connection = await connect(options);
	const operator = await openOperator(options, { connection, logger, podName: process.env.POD_NAME });
	keepHeapLean();
	void stopping.told.then(() => stopAndExit(operator, STOP_MS, logger));
	operator.ended.catch((error: unknown) => {
		logger.error("operator.ended", { error: describe(error) });
		// At once: another may work by now, and this process has no say in what still goes on in it.
		process.exit(1);
	});
	logger.info("listening", { address: options.listen, cluster: connection.url });
	return undefined;
};

const connect = async ({ kubeconfig }: OperatorOptions): Promise<KubeConnection> => {
	if (kubeconfig !== undefined) return kubeconfigConnection(kubeconfig);
	const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "" } = process.env;
	return inClusterConnection({ timing: systemTiming }, { host, port });
};
