import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import winston from "winston";
import { registryKind } from "#/api/kinds/registry.ts";
import { openOperator } from "#/app/operator/open-operator.ts";
import { applyDefinitions } from "#/app/standalone/apply-definitions.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { NAMESPACES, type ResourceType } from "#/kube/resource-type.ts";
import { plainConnection } from "#/kube/rest/plain-connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import type { Faults } from "#/kube-embedded/faults.ts";
import { systemTiming } from "#/lib/timing.ts";
import { openTestApi } from "../../support/embedded-api.ts";
import { freePort } from "../../support/free-ports.ts";
import { clusterKinds } from "./cluster-kinds.ts";

/** What the operator calls itself to the API server. */
export const OPERATOR = "limani";
/** As people write. */
export const OPTS = { fieldManager: "a person" };
const { signal } = new AbortController();

/** What a cluster is opened with. */
interface ClusterOpts {
	/** What befalls requests, those of {@link OPERATOR} among them. */
	readonly faults?: Faults;
	/** Where the operator finds the API, given where it is. */
	readonly through?: (url: string) => string;
}

/** An API server with two namespaces, in which operators can be started as in a cluster; there are no pods. */
export const openCluster = async (
	stack: AsyncDisposableStack,
	{ faults = {}, through = (url) => url }: ClusterOpts = {},
) => {
	const api = stack.use(await openTestApi({ moreKinds: clusterKinds(), faults }));
	const connection = plainConnection({ url: api.url, ca: api.ca, token: api.token });
	const client = stack.use(new RestClient({ connection, timing: systemTiming }, { userAgent: "owners" }));
	await applyDefinitions(client, signal);
	for (const name of ["team-a", "team-b"]) {
		await client.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name } }, OPTS, signal);
	}
	const start = async (podName: string, namespaces: readonly string[] = []) => {
		const lines: string[] = [];
		const stream = new Writable({
			write: (chunk, _encoding, done) => {
				lines.push(String(chunk));
				done();
			},
		});
		const logger = winston.createLogger({
			format: winston.format.json(),
			transports: [new winston.transports.Stream({ stream })],
		});
		const listen = `127.0.0.1:${await freePort()}`;
		const options = {
			image: "registry.example/limani:0.1.0",
			namespaces,
			secretNamespaces: [],
			lease: { namespace: "default", name: "limani-operator" },
			podLabels: { app: "limani-operator" },
			listen,
			kubeconfig: undefined,
			logLevel: "info",
		};
		const operators = plainConnection({ url: through(api.url), ca: api.ca, token: api.token });
		const operator = stack.use(await openOperator(options, { connection: operators, logger, podName }));
		return { operator, lines, ask: (path: string) => fetch(`http://${listen}${path}`) };
	};
	const until = async (
		type: ResourceType,
		name: string,
		isSo: (object: KubeObject | undefined) => boolean,
	): Promise<KubeObject | undefined> => {
		const end = performance.now() + 30_000;
		for (;;) {
			const found = await client.find(type, { namespace: "team-a", name }, signal);
			if (isSo(found)) return found;
			assert.ok(performance.now() < end, `waiting for ${type.kind} ${name}: ${JSON.stringify(found?.status)}`);
			await sleep(50);
		}
	};
	const create = (namespace: string, name: string, spec: object = {}) => {
		const { group, version, kind } = registryKind;
		const object = { apiVersion: `${group}/${version}`, kind, metadata: { namespace, name }, spec };
		return client.create(registryKind, object, OPTS, signal);
	};
	return { api, client, start, until, create };
};
