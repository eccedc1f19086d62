import type { KubeConnection } from "./connection.ts";

/** What {@link plainConnection} is told. */
export interface PlainConnectionOpts {
	readonly url: string;
	/** PEM certificates to trust; absent: those of the system. */
	readonly ca?: string | undefined;
	/** Sent as a bearer; absent: nobody in particular asks. */
	readonly token?: string | undefined;
	readonly namespace?: string | undefined;
}

/** A connection all of which is known, such as to the embedded API. */
export const plainConnection = ({ url, ca, token, namespace }: PlainConnectionOpts): KubeConnection => ({
	url,
	namespace,
	headers: async () => (token === undefined ? {} : { authorization: `Bearer ${token}` }),
	tls: async () => (ca === undefined ? {} : { ca }),
});
