import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { join } from "node:path";
import { type Certified, certify } from "#/lib/certificates/certify.ts";
import { writeDurably } from "#/lib/write-durably.ts";
import { readSecret } from "./keep-secret.ts";

const DAY = 24 * 3600_000;
const [AUTHORITY_DAYS, SERVER_DAYS, SPARE_DAYS] = [3650, 365, 30];
/** Clocks of clients may be behind. */
const HOUR = 3600_000;
const NAME = "limani embedded authority";

/** What identities are made with. */
export interface IdentityDeps {
	readonly directory: string;
	/** Milliseconds since 1970. */
	readonly now: () => number;
	readonly randomBytes: (count: number) => Uint8Array;
}

/** By what clients know the server. */
export interface ServerIdentity extends Certified {
	/** PEM of the authority that clients trust. */
	readonly ca: string;
}

const read = (directory: string, name: string): Certified | undefined => {
	const [cert, key] = [readSecret(join(directory, `${name}.crt`)), readSecret(join(directory, `${name}.key`))];
	return cert === undefined || key === undefined ? undefined : { cert, key };
};

const write = (directory: string, name: string, { cert, key }: Certified): void => {
	writeDurably(join(directory, `${name}.key`), key);
	writeDurably(join(directory, `${name}.crt`), cert);
};

const isGood = (cert: string, now: number): boolean => {
	const { validToDate } = new X509Certificate(cert);
	return validToDate.getTime() - now > SPARE_DAYS * DAY;
};

const vouches = (authority: Certified, { cert }: Certified, hosts: readonly string[]): boolean => {
	const certificate = new X509Certificate(cert);
	const names = (host: string): boolean =>
		(isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
	return certificate.checkIssued(new X509Certificate(authority.cert)) && hosts.every(names);
};

const openAuthority = ({ directory, now, randomBytes }: IdentityDeps): Certified => {
	const found = read(directory, "ca");
	if (found !== undefined && isGood(found.cert, now())) return found;
	const [from, until] = [now() - HOUR, now() + AUTHORITY_DAYS * DAY];
	const made = certify({ name: NAME, from, until, randomBytes });
	write(directory, "ca", made);
	return made;
};

/**
 * The identity of the server, from its directory; made where it is missing, is for other hosts, or ends within 30 days.
 *
 * @param hosts names and addresses under which clients reach it
 */
export const openServerIdentity = (hosts: readonly string[], deps: IdentityDeps): ServerIdentity => {
	const { directory, now, randomBytes } = deps;
	const authority = openAuthority(deps);
	const found = read(directory, "server");
	if (found !== undefined && isGood(found.cert, now()) && vouches(authority, found, hosts)) {
		return { ...found, ca: authority.cert };
	}
	const [from, until] = [now() - HOUR, now() + SERVER_DAYS * DAY];
	const made = certify({ name: "limani", hosts, from, until, randomBytes }, { name: NAME, key: authority.key });
	write(directory, "server", made);
	return { ...made, ca: authority.cert };
};
