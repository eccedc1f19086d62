import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import type { KubeClient } from "#/kube/kube-client.ts";
import { apiVersionOf, NAMESPACES, type ResourceType, SERVICE_ACCOUNTS } from "#/kube/resource-type.ts";
import type { KubeConnection } from "#/kube/rest/connection.ts";
import { kubeconfigConnection } from "#/kube/rest/kubeconfig-connection.ts";
import { plainConnection } from "#/kube/rest/plain-connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import { openEmbeddedApi } from "#/kube-embedded/embedded-api.ts";
import type { Faults } from "#/kube-embedded/faults.ts";
import { systemTiming } from "#/lib/timing.ts";
import { KubeFront } from "./kube-front.ts";
import { openKubePlane } from "./kube-plane.ts";

/** A Kubernetes API that operators work on, and their faults. */
export interface WorldApi extends AsyncDisposable {
	/** As an administrator; no fault is in the way. */
	readonly owners: KubeConnection;
	/** As operators have it: their requests go past the faults. */
	readonly operator: KubeConnection;
	/** How fast an operator's time may pass on it, beside one that answers at once. */
	readonly pace: number;
}

/** What {@link openWorldApi} is told. */
export interface WorldApiDeps {
	readonly faults: Faults;
	/** Told of failures that no client is told of. */
	readonly report: (message: string, error: unknown) => void;
}

/**
 * Opens the API that the environment asks for by `LIMANI_TEST_API`: `embedded`, which goes without saying, or `kube`, a
 * real API server with its controllers.
 */
export const openWorldApi = (deps: WorldApiDeps): Promise<WorldApi> =>
	process.env.LIMANI_TEST_API === "kube" ? openReal(deps) : openEmbedded(deps);

const openEmbedded = async ({ faults, report }: WorldApiDeps): Promise<WorldApi> => {
	await using opening = new AsyncDisposableStack();
	const directory = mkdtempSync(join(tmpdir(), "limani-operator-"));
	opening.defer(() => rmSync(directory, { recursive: true, force: true }));
	const api = opening.use(
		await openEmbeddedApi({
			directory,
			listen: { host: "127.0.0.1", port: 0 },
			now: Date.now,
			randomBytes: (size) => randomBytes(size),
			log: report,
			bookmarkEvery: 1_000,
			faults,
		}),
	);
	const connection = plainConnection({ url: api.url, ca: api.ca, token: api.token });
	const open = opening.move();
	return { owners: connection, operator: connection, pace: 1, [Symbol.asyncDispose]: () => open.disposeAsync() };
};

const openReal = async ({ faults }: WorldApiDeps): Promise<WorldApi> => {
	await using opening = new AsyncDisposableStack();
	const plane = opening.use(await openKubePlane({ controllers: true }));
	const owners = await kubeconfigConnection({ path: plane.kubeconfig });
	const front = opening.use(await KubeFront.open(owners, faults));
	const client = opening.use(new RestClient({ connection: owners, timing: systemTiming }));
	// It is in no namespace, and would outlive the world in a cluster that was given.
	opening.defer(() => client.delete(BINDINGS, { name: OPERATOR.name }, {}, AbortSignal.timeout(60_000)));
	const operator = plainConnection({ url: front.url, ca: front.ca, token: await tokenOfOperator(client) });
	const open = opening.move();
	return { owners, operator, pace: 0.25, [Symbol.asyncDispose]: () => open.disposeAsync() };
};

const rbac = (plural: string, kind: string): ResourceType => ({
	group: "rbac.authorization.k8s.io",
	version: "v1",
	plural,
	kind,
	namespaced: false,
});

const ROLES = rbac("clusterroles", "ClusterRole");
const BINDINGS = rbac("clusterrolebindings", "ClusterRoleBinding");

/** What the chart grants an operator that looks after all namespaces and their Secrets. */
const rulesOfChart = (): readonly unknown[] => {
	const file = join(import.meta.dirname, "..", "..", "charts", "limani", "files", "permissions.yaml");
	const { cluster, watched, owners, secrets } = parse(readFileSync(file, "utf8"));
	return [cluster, watched, owners, secrets].flat();
};

/** The service account of operators. */
const OPERATOR = { namespace: "limani-system", name: "limani-operator" } as const;

/** The token of a service account that may do what the chart lets the operator do, and no more. */
const tokenOfOperator = async (client: KubeClient): Promise<string> => {
	const signal = AbortSignal.timeout(60_000);
	const { namespace, name } = OPERATOR;
	const opts = { fieldManager: "test", force: true };
	const put = (type: ResourceType, metadata: { namespace?: string; name: string }, fields: object = {}) =>
		client.apply(type, { apiVersion: apiVersionOf(type), kind: type.kind, metadata, ...fields }, opts, signal);
	await put(NAMESPACES, { name: namespace });
	await put(SERVICE_ACCOUNTS, { namespace, name });
	await put(ROLES, { name }, { rules: rulesOfChart() });
	const roleRef = { apiGroup: BINDINGS.group, kind: "ClusterRole", name };
	await put(BINDINGS, { name }, { roleRef, subjects: [{ kind: "ServiceAccount", namespace, name }] });
	const asked = {
		apiVersion: "authentication.k8s.io/v1",
		kind: "TokenRequest",
		metadata: { namespace, name },
		spec: {},
	};
	const { status } = await client.create(SERVICE_ACCOUNTS, asked, { subresource: "token" }, signal);
	const token: unknown = typeof status === "object" && status !== null ? Reflect.get(status, "token") : undefined;
	if (typeof token !== "string") throw new Error("no token was given");
	return token;
};
