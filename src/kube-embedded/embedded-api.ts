import { join } from "node:path";
import { writeDurably } from "#/lib/write-durably.ts";
import { OpenApiDocuments } from "./discovery/openapi-documents.ts";
import type { Faults } from "./faults.ts";
import { KindRegistry } from "./kinds/kind-registry.ts";
import type { ServedKind } from "./kinds/served-kind.ts";
import { Lifecycle } from "./lifecycle/lifecycle.ts";
import { KubeServer } from "./server/kube-server.ts";
import { EmbeddedStore, type Retention } from "./store/embedded-store.ts";
import { keepSecret } from "./tls/keep-secret.ts";
import { kubeconfigOf } from "./tls/kubeconfig.ts";
import { openServerIdentity } from "./tls/server-identity.ts";
import { TokenSigner } from "./tokens/token-signer.ts";

/** What the embedded API needs. */
export interface EmbeddedApiDeps {
	/** Where all of its state is; made when there is none, taken for this process alone. */
	readonly directory: string;
	readonly listen: { readonly host: string; readonly port: number };
	/** Milliseconds since 1970. */
	readonly now: () => number;
	readonly randomBytes: (count: number) => Uint8Array;
	/** Told of failures that no client is told of. */
	readonly log: (message: string, error: unknown) => void;
	/** For tests. */
	readonly faults?: Faults;
	readonly retention?: Retention;
	readonly moreKinds?: readonly ServedKind[];
	/** Milliseconds between two bookmarks of a watch. @defaultValue 15000 */
	readonly bookmarkEvery?: number;
}

/** An embedded Kubernetes API that listens. */
export interface EmbeddedApi {
	readonly url: string;
	/** PEM of the authority that vouches for the server. */
	readonly ca: string;
	/** What clients present as a bearer token. */
	readonly token: string;
	/** The text of a kubeconfig for it, which is also written to `kubeconfig` in its directory. */
	readonly kubeconfig: string;
}

const LOCAL = ["localhost", "127.0.0.1", "::1"];
const DAY = 24 * 3600_000;
const COMPACT_EVERY = 30_000;

const hostInUrl = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/** Under what clients reach a server that listens there. */
const reachedAt = (host: string): string => (["0.0.0.0", "::", ""].includes(host) ? "127.0.0.1" : host);

/**
 * Opens a Kubernetes API for one machine: the kinds of this program's own definitions and the built-in kinds that go
 * with them, in one directory. It is no cluster: there are no pods, no roles and no admission.
 *
 * @throws StoreError LOCKED when another process has the directory
 */
export const openEmbeddedApi = async (deps: EmbeddedApiDeps): Promise<EmbeddedApi & AsyncDisposable> => {
	const { directory, listen, now, randomBytes, log } = deps;
	await using opening = new AsyncDisposableStack();
	const store = opening.use(new EmbeddedStore({ directory, now, retention: deps.retention }));
	const kinds = new KindRegistry(deps.moreKinds);
	const lifecycle = opening.use(new Lifecycle({ store, kinds, now, randomBytes, report: log }));
	await lifecycle.start();
	const host = reachedAt(listen.host);
	const identify = () => openServerIdentity([...new Set([host, ...LOCAL])], { directory, now, randomBytes });
	const identity = identify();
	const token = keepSecret(join(directory, "token"), () => Buffer.from(randomBytes(32)).toString("base64url"));
	let url = "";
	const server = opening.use(
		new KubeServer(
			{
				store,
				kinds,
				now,
				randomBytes,
				token,
				report: log,
				faults: deps.faults ?? {},
				documents: new OpenApiDocuments(kinds),
				signer: TokenSigner.open(directory),
				bookmarkEvery: deps.bookmarkEvery ?? 15_000,
				url: () => url,
			},
			identity,
		),
	);
	const port = await server.listen(listen);
	url = `https://${hostInUrl(host)}:${port}`;
	const kubeconfig = kubeconfigOf({ url, ca: identity.ca, token });
	writeDurably(join(directory, "kubeconfig"), kubeconfig);
	const timers = [
		setInterval(() => store.compact(), deps.retention?.every ?? COMPACT_EVERY),
		setInterval(() => server.renew(identify()), DAY),
	];
	for (const timer of timers) timer.unref();
	opening.defer(() => timers.forEach((timer) => void clearInterval(timer)));
	const open = opening.move();
	return { url, ca: identity.ca, token, kubeconfig, [Symbol.asyncDispose]: () => open.disposeAsync() };
};
