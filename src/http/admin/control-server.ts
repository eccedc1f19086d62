import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type ControlAppDeps, controlApp } from "./control-app.ts";

/** What the control port needs. */
export interface ControlServerDeps extends ControlAppDeps {
	/** PEM key and certificate; absent only where the port stays on loopback. */
	readonly tls?: { readonly key: string; readonly cert: string } | undefined;
}

/** Serves any `Control` on a port of its own, which an operator alone can reach. It does not listen yet. */
export const createControlServer = ({ tls, ...deps }: ControlServerDeps): Server => {
	const options = { headersTimeout: 10_000, requestTimeout: 60_000 };
	const app = controlApp(deps);
	return tls === undefined
		? createServer(options, app)
		: createTlsServer({ ...options, ...tls, handshakeTimeout: 10_000, minVersion: "TLSv1.2" }, app);
};
