import type { ConnectionOptions } from "node:tls";

/** How the two ends of a TLS connection know each other. */
type TlsValues = Pick<
	ConnectionOptions,
	"ca" | "cert" | "key" | "pfx" | "passphrase" | "rejectUnauthorized" | "servername"
>;

/** Where an API server is, and as whom it is spoken to. */
export interface KubeConnection {
	/** Its origin, and a path before all others where it has one. */
	readonly url: string;
	/** The namespace that goes without saying; absent when the source names none. */
	readonly namespace: string | undefined;
	/** Headers that say who asks. `fresh`: what was given before was refused, so it is got anew. */
	headers(fresh: boolean): Promise<Readonly<Record<string, string>>>;
	/** Asked for each TCP connection, so that certificates may change while the program runs. */
	tls(): Promise<TlsValues>;
}
