import { once } from "node:events";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { Access, Authenticator } from "#/auth/access.ts";
import { formatChallenges } from "#/auth/challenge.ts";
import { createClientOf } from "#/http/client-of.ts";
import { createRequestIds } from "#/http/request-ids.ts";
import type { RequestRecord } from "#/http/request-observer.ts";
import { createHttpServer, DEFAULT_SERVER_LIMITS, type HttpServer, type ServerLimits } from "#/http/server.ts";
import { createV2Handler } from "#/http/v2/handler.ts";
import { RawConnection } from "./raw-http.ts";
import { type Instance, type InstanceOpts, openRegistryHarness, type RegistryHarness } from "./registry.ts";

/** How a face differs from one that lets everybody do everything. */
export interface FaceOpts {
	readonly limits?: Partial<ServerLimits>;
	/** The registry's instance. */
	readonly instance?: InstanceOpts;
	readonly authenticator?: Authenticator;
	/** What answers outside `/v2`. */
	readonly app?: RequestListener;
	/** None by default. */
	readonly trustedProxies?: Parameters<typeof createClientOf>[0];
	readonly tls?: { readonly key: string; readonly cert: string };
}

/** The HTTP face of a registry over memory, on a port of loopback. */
export interface Face extends AsyncDisposable, HttpServer {
	readonly harness: RegistryHarness;
	readonly instance: Instance;
	/** `http://127.0.0.1:PORT`. */
	readonly origin: string;
	readonly port: number;
	/** What was observed, one record a request. */
	readonly records: readonly RequestRecord[];
	/** Says that the server is stopping. */
	stopping: boolean;
	fetch(path: string, init?: RequestInit): Promise<Response>;
	/** A connection that sends bytes as they are. */
	connect(): Promise<RawConnection>;
}

/** May do everything. */
export const ALMIGHTY: Access = {
	principal: { kind: "user", name: "root", uid: "uid-of-root", admin: true },
	actor: "user:root",
	allows: async () => true,
	couldAllow: async () => true,
	covers: () => true,
	catalog: async () => "all",
};

/** Opens a face with the projects of {@link openRegistryHarness}. */
export const openFace = async (opts: FaceOpts = {}): Promise<Face> => {
	const harness = await openRegistryHarness();
	const instance = harness.instance(opts.instance);
	const records: RequestRecord[] = [];
	const requestId = createRequestIds("test");
	const v2 = createV2Handler({
		registry: instance.registry,
		authenticator: opts.authenticator ?? { authenticate: async () => ({ access: ALMIGHTY }) },
		clientOf: createClientOf(opts.trustedProxies ?? []),
		challenge: (_request, challenge) =>
			formatChallenges({ realm: "http://auth.test/token", service: "test", basic: true, ...challenge }),
		observer: { observe: (record) => records.push(record) },
		requestId,
		isStopping: () => face.stopping,
	});
	const { server, drain } = createHttpServer({
		v2,
		app: opts.app ?? ((_request, response) => void response.writeHead(404).end()),
		limits: { ...DEFAULT_SERVER_LIMITS, ...opts.limits },
		tls: opts.tls,
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	const origin = `${opts.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
	const face: Face = {
		harness,
		instance,
		origin,
		port,
		records,
		stopping: false,
		server,
		drain,
		fetch: (path, init) => fetch(`${origin}${path}`, init),
		connect: () => RawConnection.open(port),
		[Symbol.asyncDispose]: async () => {
			server.closeAllConnections();
			server.close();
			await harness.drain();
			await harness[Symbol.asyncDispose]();
		},
	};
	return face;
};
