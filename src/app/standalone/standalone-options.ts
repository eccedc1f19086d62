import { resolve } from "node:path";
import type { Environment } from "#/app/config/environment.ts";
import { ConfigError } from "#/app/config/load.ts";
import { readArgs } from "#/app/read-args.ts";

/** What `limani standalone --help` says. */
export const STANDALONE_HELP = `Usage: limani standalone [--data DIR] [--listen HOST:PORT] [--kube-listen HOST:PORT] [--manifests PATH…]

Runs everything on this machine, in this process: a Kubernetes API for kubectl and helm, the operator, and the
registries that the resources ask for. It is for one machine: to try, to develop, to test.

  --data DIR                directory of everything that is kept (default .limani)
  --listen HOST:PORT        address of the first registry; the next ones get the ports above (default 127.0.0.1:5080)
  --kube-listen HOST:PORT   address of the Kubernetes API (default 127.0.0.1:6550)
  --manifests PATH          file or directory of manifests, applied at the start and whenever they change; may be repeated
  --log LEVEL               the least that is logged: error, warn, info or debug (default info; warn at a terminal)

The environment gives other defaults: LIMANI_DATA_DIR, LIMANI_LISTEN, LIMANI_KUBE_LISTEN, as the image does.
KUBECONFIG=DIR/kubeconfig is what kubectl and helm need.
`;

/** An address to listen on. */
interface ListenAddress {
	readonly host: string;
	readonly port: number;
}

/** How standalone mode is to run. */
export interface StandaloneOptions {
	/** Absolute. */
	readonly directory: string;
	readonly listen: ListenAddress;
	readonly kubeListen: ListenAddress;
	readonly manifests: readonly string[];
	/** Absent: as the terminal suggests. */
	readonly logLevel: string | undefined;
}

/**
 * Reads the command's arguments, and the environment for what they leave out; undefined when help is asked for.
 *
 * @throws ConfigError
 */
export const readStandaloneOptions = (
	args: readonly string[],
	environment: Environment,
): StandaloneOptions | undefined => {
	const { values, positionals } = parse(args);
	if (values.help === true) return undefined;
	const manifests = values.manifests ?? [];
	// `--manifests a b` as shells expand `--manifests *.yaml`.
	if (positionals.length > 0 && manifests.length === 0) {
		throw new ConfigError(`got ${positionals[0]}: expected options only; see limani standalone --help`);
	}
	if (values.log !== undefined && !LEVELS.includes(values.log)) {
		throw new ConfigError(`--log: got ${values.log}: expected ${LEVELS.join(", ")}`);
	}
	return {
		directory: resolve(values.data ?? environment.LIMANI_DATA_DIR ?? ".limani"),
		listen: readAddress("--listen", values.listen ?? environment.LIMANI_LISTEN ?? "127.0.0.1:5080"),
		kubeListen: readAddress(
			"--kube-listen",
			values["kube-listen"] ?? environment.LIMANI_KUBE_LISTEN ?? "127.0.0.1:6550",
		),
		manifests: [...manifests, ...positionals],
		logLevel: values.log,
	};
};

const LEVELS: readonly string[] = ["error", "warn", "info", "debug"];

const parse = (args: readonly string[]) =>
	readArgs("limani standalone", {
		args: [...args],
		allowPositionals: true,
		options: {
			data: { type: "string" },
			listen: { type: "string" },
			"kube-listen": { type: "string" },
			manifests: { type: "string", multiple: true },
			log: { type: "string" },
			help: { type: "boolean", short: "h" },
		},
	});

const readAddress = (option: string, text: string): ListenAddress => {
	const [, bracketed, plain, digits = ""] = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text) ?? [];
	const host = bracketed ?? plain;
	const port = Number(digits);
	if (host === undefined || port < 1 || port > 65_535) {
		throw new ConfigError(`${option}: got ${text}: expected HOST:PORT, such as 127.0.0.1:5080`);
	}
	return { host, port };
};
