import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject, sign } from "node:crypto";
import { join } from "node:path";
import { keepSecret } from "#/kube-embedded/tls/keep-secret.ts";

/** The claims of a token, RFC 7519. */
export type Claims = Readonly<Record<string, unknown>>;

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Signs tokens of service accounts by a key of this API, and tells the public half. */
export class TokenSigner {
	readonly #key: KeyObject;
	readonly #keyId: string;

	constructor(key: KeyObject) {
		this.#key = key;
		const der = createPublicKey(key).export({ type: "spki", format: "der" });
		this.#keyId = hash("sha256", der, "base64url");
	}

	/** The signer of a directory; its key is made the first time. */
	static open(directory: string): TokenSigner {
		const pem = keepSecret(join(directory, "service-account.key"), () => {
			const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
			return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
		});
		return new TokenSigner(createPrivateKey(pem));
	}

	/** A JWT with these claims, RFC 7515. */
	sign(claims: Claims): string {
		const signed = `${encode({ alg: "RS256", kid: this.#keyId })}.${encode(claims)}`;
		return `${signed}.${sign("sha256", Buffer.from(signed), this.#key).toString("base64url")}`;
	}

	/** The keys by which tokens are judged, RFC 7517. */
	keySet(): unknown {
		const { kty, n, e } = createPublicKey(this.#key).export({ format: "jwk" });
		return { keys: [{ use: "sig", kty, kid: this.#keyId, alg: "RS256", n, e }] };
	}
}
