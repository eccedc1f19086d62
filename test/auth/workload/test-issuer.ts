import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { IssuerKeys } from "#/auth/workload/issuer-keys.ts";
import { readKeySet } from "#/auth/workload/key-set.ts";

/** An issuer of tokens in the test, with keys that it makes and takes back. */
export class TestIssuer {
	/** How often it was asked for its keys. */
	asked = 0;
	/** Set: it answers with this failure. */
	failure: Error | undefined;
	readonly issuer: string;
	readonly keys = new Map<string, { readonly privateKey: KeyObject; readonly jwk: object }>();

	constructor(issuer: string) {
		this.issuer = issuer;
		this.addKey("one");
	}

	/** Makes a key. */
	addKey(kid: string, more: object = {}): void {
		const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
		this.keys.set(kid, {
			privateKey,
			jwk: { use: "sig", alg: "RS256", kid, ...publicKey.export({ format: "jwk" }), ...more },
		});
	}

	/** Its JWK set as it is now. */
	keySet(): { readonly keys: readonly object[] } {
		return { keys: [...this.keys.values()].map(({ jwk }) => jwk) };
	}

	/** Its keys, as the registry has them. @param now milliseconds */
	opened(now: () => number): IssuerKeys {
		const load = async () => {
			this.asked++;
			if (this.failure !== undefined) throw this.failure;
			return { issuer: this.issuer, keys: readKeySet(this.keySet()) };
		};
		return new IssuerKeys({ load, now, onError: () => undefined });
	}

	/** A token. @param header over what its key says */
	token(
		claims: object,
		{ kid = "one", header = {} }: { readonly kid?: string; readonly header?: object } = {},
	): string {
		const key = this.keys.get(kid)?.privateKey ?? this.keys.get("one")?.privateKey;
		if (key === undefined) throw new Error(`there is no key ${kid}`);
		const signed = [
			{ alg: "RS256", kid, typ: "JWT", ...header },
			{ iss: this.issuer, ...claims },
		]
			.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
			.join(".");
		return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
	}
}
