import { randomBytes } from "node:crypto";
import { type Certified, certify } from "#/lib/certificates/certify.ts";

/** A certification authority for one test, and what it vouches for. */
export interface Authority {
	/** PEM, for those who trust it. */
	readonly ca: string;
	/** A certificate for servers on loopback, or for another DNS name or address alone. */
	issue(host?: string): Certified;
}

/** A new authority that nobody but the test trusts, good for an hour before and after now. */
export function createAuthority(): Authority {
	const name = "limani test authority";
	const common = { from: Date.now() - 3_600_000, until: Date.now() + 3_600_000, randomBytes };
	const { cert: ca, key } = certify({ name, ...common });
	const issue = (host?: string): Certified => {
		const hosts = host === undefined ? ["localhost", "127.0.0.1"] : [host];
		return certify({ name: hosts[0] ?? name, hosts, ...common }, { name, key });
	};
	return { ca, issue };
}
