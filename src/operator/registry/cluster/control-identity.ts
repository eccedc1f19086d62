import { createPrivateKey, X509Certificate } from "node:crypto";
import { certify } from "#/lib/certificates/certify.ts";

/** How the operator and a data plane know each other. All PEM but the token. */
export interface ControlIdentity {
	/** 256 bits, base64url. */
	readonly token: string;
	readonly cert: string;
	readonly key: string;
	/** The authorities to trust: that of the certificate first, and those of certificates that may still be in use. */
	readonly ca: string;
}

/** What identities are made with. */
export interface IdentityDeps {
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	readonly randomBytes: (size: number) => Buffer;
}

const TOKEN_BYTES = 32;
const HOUR = 3_600_000;
const LIFE_MS = 365 * 24 * HOUR;
/** Authorities that are trusted at a time at most. */
const MAX_AUTHORITIES = 3;

/**
 * The identity that a control port is to have: what there is of it, as long as it is good, and new what is not. The
 * certificate is renewed after two thirds of its life, by a new authority whose key is forgotten at once; pods that run
 * with the former one stay trusted until it ends.
 *
 * @param hosts names of the control port, each of which the certificate has to have
 * @returns the very same object when all of it is good
 */
export const renewIdentity = (
	present: ControlIdentity | undefined,
	hosts: readonly string[],
	{ now, randomBytes }: IdentityDeps,
): ControlIdentity => {
	const hasToken = present !== undefined && present.token.length >= TOKEN_BYTES;
	const isGood = present !== undefined && isGoodCertificate(present, hosts, now());
	if (hasToken && isGood) return present;
	const token = hasToken ? present.token : randomBytes(TOKEN_BYTES).toString("base64url");
	if (isGood) return { ...present, token };
	const name = hosts[0] ?? "control";
	const life = { from: now() - HOUR, until: now() + LIFE_MS, randomBytes };
	const authority = certify({ name: `authority of ${name}`.slice(0, 64), ...life });
	const issuer = { name: `authority of ${name}`.slice(0, 64), key: authority.key };
	const { cert, key } = certify({ name: name.slice(0, 64), hosts, ...life }, issuer);
	const former = authoritiesOf(present?.ca ?? "").filter((pem) => isInForce(pem, now()));
	return { token, cert, key, ca: [authority.cert, ...former].slice(0, MAX_AUTHORITIES).join("") };
};

const isGoodCertificate = ({ cert, key, ca }: ControlIdentity, hosts: readonly string[], now: number): boolean => {
	try {
		const certificate = new X509Certificate(cert);
		const [from, until] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()];
		return (
			now >= from &&
			now < from + ((until - from) * 2) / 3 &&
			hosts.every((host) => certificate.checkHost(host) !== undefined) &&
			certificate.checkPrivateKey(createPrivateKey(key)) &&
			authoritiesOf(ca).some((pem) => certificate.verify(new X509Certificate(pem).publicKey))
		);
	} catch {
		// Whatever it is, it is no certificate and its key.
		return false;
	}
};

const authoritiesOf = (bundle: string): readonly string[] =>
	bundle.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----\n?/g) ?? [];

const isInForce = (pem: string, now: number): boolean => {
	try {
		return new X509Certificate(pem).validToDate.getTime() > now;
	} catch {
		return false;
	}
};
