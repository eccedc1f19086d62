import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { freePort } from "../../test/support/free-ports.ts";
import { startChild } from "./child.ts";
import type { Server } from "./server.ts";

/** Which registry to run, and over what. */
export interface DockerRegistryOpts {
	readonly name: string;
	readonly program: string;
	/** Its storage driver with its parameters: `{ filesystem: { rootdirectory: … } }`. */
	readonly storage: Readonly<Record<string, object>>;
	/** Where its configuration and log go. */
	readonly folder: string;
	/** Whether content can be deleted. @defaultValue false */
	readonly deletes?: boolean;
}

/** CNCF distribution, as its example configuration has it, with blob descriptors cached in memory. */
export const startDockerRegistry = async (opts: DockerRegistryOpts): Promise<Server> => {
	const { name, program, storage, folder, deletes = false } = opts;
	const port = await freePort();
	const config = join(folder, `${name.replaceAll(/\W+/g, "-")}-${port}.yaml`);
	const document = {
		version: 0.1,
		log: { fields: { service: "registry" } },
		storage: {
			cache: { blobdescriptor: "inmemory" },
			...storage,
			...(deletes ? { delete: { enabled: true } } : {}),
		},
		http: { addr: `127.0.0.1:${port}` },
	};
	writeFileSync(config, stringify(document));
	const child = await startChild({
		command: [program, "serve", config],
		logFile: config.replace(".yaml", ".log"),
		environment: { OTEL_TRACES_EXPORTER: "none" },
		probe: `http://127.0.0.1:${port}/v2/`,
	});
	return {
		name,
		kind: "registry",
		port,
		pid: child.pid,
		remark: "no authentication, access log and logs as by default into a file, blob descriptors cached in memory",
		authorization: undefined,
		[Symbol.asyncDispose]: () => child.stop(),
	};
};
