import { ConfigError } from "#/app/config/load.ts";
import { readArgs } from "#/app/read-args.ts";

/** What `limani operator --help` says. */
export const OPERATOR_HELP = `Usage: limani operator --image IMAGE [OPTIONS]

Keeps the registries, projects and robot accounts of a cluster as its resources ask for them. Of several processes one
works; another takes over when it ends.

  --image IMAGE           image of registries where a Registry names none              LIMANI_OPERATOR_IMAGE
  --namespace NAMESPACE   a namespace to look after; may be repeated (default: all)    LIMANI_OPERATOR_NAMESPACES
  --secret-namespace NS   a namespace whose Secrets it may have; may be repeated       LIMANI_OPERATOR_SECRET_NAMESPACES
                          (default: those of --namespace)
  --lease NAMESPACE/NAME  the Lease by which one of several processes leads            LIMANI_OPERATOR_LEASE
                          (default: limani-operator in its own namespace)
  --pod-labels A=B,C=D    labels of the operator's pods, which alone may reach         LIMANI_OPERATOR_POD_LABELS
                          registries' control ports (default: app.kubernetes.io/name=limani-operator)
  --listen HOST:PORT      where /livez, /readyz and /metrics are                       LIMANI_OPERATOR_LISTEN
                          (default 127.0.0.1:9090)
  --kubeconfig FILE       how to reach the cluster from outside; without it, as a pod  KUBECONFIG
  --context NAME          one of its contexts (default: the current one)
  --log LEVEL             the least that is logged: error, warn, info or debug         LIMANI_OPERATOR_LOG
                          (default info)

The names on the right are those of environment variables that say the same; a list there is separated by commas.
`;

/** How the operator is to run. */
export interface OperatorOptions {
	readonly image: string;
	/** Empty: all. */
	readonly namespaces: readonly string[];
	/** Whose Secrets may be read and written. Empty: those of `namespaces`. */
	readonly secretNamespaces: readonly string[];
	/** Absent: as its own namespace says. */
	readonly lease: { readonly namespace: string; readonly name: string } | undefined;
	readonly podLabels: { readonly [label: string]: string };
	/** `HOST:PORT` */
	readonly listen: string;
	/** Absent: the connection of a pod. */
	readonly kubeconfig: { readonly path: string; readonly context: string | undefined } | undefined;
	readonly logLevel: string;
}

type Environment = { readonly [name: string]: string | undefined };

const LEVELS: readonly string[] = ["error", "warn", "info", "debug"];

/** Reads the command's arguments; undefined when help is asked for. @throws ConfigError */
export const readOperatorOptions = (args: readonly string[], environment: Environment): OperatorOptions | undefined => {
	const values = parse(args);
	if (values.help === true) return undefined;
	const from = (name: string) => (environment[name] === "" ? undefined : environment[name]);
	const image = values.image ?? from("LIMANI_OPERATOR_IMAGE");
	if (image === undefined) throw new ConfigError("--image: got none: expected the image of registries");
	const logLevel = values.log ?? from("LIMANI_OPERATOR_LOG") ?? "info";
	if (!LEVELS.includes(logLevel)) throw new ConfigError(`--log: got ${logLevel}: expected ${LEVELS.join(", ")}`);
	const path = values.kubeconfig ?? from("KUBECONFIG");
	const lease = values.lease ?? from("LIMANI_OPERATOR_LEASE");
	return {
		image,
		namespaces: values.namespace ?? listOf(from("LIMANI_OPERATOR_NAMESPACES") ?? ""),
		secretNamespaces: values["secret-namespace"] ?? listOf(from("LIMANI_OPERATOR_SECRET_NAMESPACES") ?? ""),
		lease: lease === undefined ? undefined : readLeaseName(lease),
		podLabels: readLabels(
			values["pod-labels"] ?? from("LIMANI_OPERATOR_POD_LABELS") ?? "app.kubernetes.io/name=limani-operator",
		),
		listen: readListen(values.listen ?? from("LIMANI_OPERATOR_LISTEN") ?? "127.0.0.1:9090"),
		kubeconfig: path === undefined ? undefined : { path, context: values.context },
		logLevel,
	};
};

const parse = (args: readonly string[]) =>
	readArgs("limani operator", {
		args: [...args],
		options: {
			image: { type: "string" },
			namespace: { type: "string", multiple: true },
			"secret-namespace": { type: "string", multiple: true },
			lease: { type: "string" },
			"pod-labels": { type: "string" },
			listen: { type: "string" },
			kubeconfig: { type: "string" },
			context: { type: "string" },
			log: { type: "string" },
			help: { type: "boolean", short: "h" },
		},
	}).values;

const listOf = (text: string): readonly string[] =>
	text
		.split(",")
		.map((item) => item.trim())
		.filter((item) => item !== "");

const readLeaseName = (text: string): { readonly namespace: string; readonly name: string } => {
	const [, namespace, name] = /^([a-z0-9-]+)\/([a-z0-9.-]+)$/.exec(text) ?? [];
	if (namespace === undefined || name === undefined) {
		throw new ConfigError(`--lease: got ${text}: expected NAMESPACE/NAME`);
	}
	return { namespace, name };
};

const readLabels = (text: string): { readonly [label: string]: string } => {
	const pairs = listOf(text).map((pair) => {
		const [, label, value] = /^([^=]+)=([^=]*)$/.exec(pair) ?? [];
		if (label === undefined || value === undefined) {
			throw new ConfigError(`--pod-labels: got ${pair}: expected LABEL=VALUE`);
		}
		return [label, value] as const;
	});
	// No label at all would select every pod there is.
	if (pairs.length === 0) throw new ConfigError("--pod-labels: got none: expected at least one LABEL=VALUE");
	return Object.fromEntries(pairs);
};

const readListen = (text: string): string => {
	if (!/^(\[[0-9a-fA-F:]+\]|[^:\s[\]]+):\d{1,5}$/.test(text) || Number(/\d+$/.exec(text)?.[0]) > 65_535) {
		throw new ConfigError(`--listen: got ${text}: expected HOST:PORT, such as 0.0.0.0:9090`);
	}
	return text;
};
