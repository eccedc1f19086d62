import { hash } from "node:crypto";
import type { PlaneLink, Wish } from "#/operator/plane/plane-link.ts";
import type { WantedRegistry } from "./wanted-registry.ts";

/** Makes an Argon2id hash in PHC string form. The salt is 16 bytes, other ones for each user of each registry. */
export type HashPassword = (password: string, salt: Uint8Array) => Promise<string>;

/** The password that an entry of a Secret holds: its first line, as editors and `echo` end it; empty: there is none. */
export const passwordIn = (entry: Uint8Array | undefined): string =>
	Buffer.from(entry ?? [])
		.toString("utf8")
		.replace(/\r?\n[\s\S]*$/, "");

/** Hashes of passwords, so that each is computed once and not at every look. */
export class UserHashes {
	readonly #hashPassword: HashPassword;
	readonly #known = new Map<string, { readonly password: string; readonly passwordHash: string }>();

	constructor(hashPassword: HashPassword) {
		this.#hashPassword = hashPassword;
	}

	/**
	 * What the data plane is to know of the users that a Registry names. The salt is derived, so that after a restart the
	 * same password gives the same hash, and nothing is to be written.
	 */
	async wishes({ uid, spec, secrets }: WantedRegistry): Promise<readonly Wish[]> {
		const wishes: Wish[] = [];
		for (const { name, passwordSecretRef, admin, disabled } of spec.auth.users) {
			const password = passwordIn(secrets.get(passwordSecretRef.name)?.[passwordSecretRef.key]);
			const userUid = userUidOf(uid, name);
			const passwordHash = await this.#hashOf(userUid, password);
			wishes.push({ kind: "User", uid: userUid, spec: { name, passwordHash, admin, disabled } });
		}
		return wishes;
	}

	async #hashOf(uid: string, password: string): Promise<string> {
		const known = this.#known.get(uid);
		if (known?.password === password) return known.passwordHash;
		const salt = hash("sha256", `salt\0${uid}`, "buffer").subarray(0, 16);
		const passwordHash = await this.#hashPassword(password, salt);
		this.#known.set(uid, { password, passwordHash });
		return passwordHash;
	}
}

/** A user's uid: the same for the same name in the same registry. */
const userUidOf = (registryUid: string, name: string): string =>
	`user-${hash("sha256", `${registryUid}\0${name}`, "hex").slice(0, 32)}`;

/**
 * Wants the users so, and those gone that are no longer named.
 *
 * @returns how many the data plane has not confirmed yet, and what it says against the others, one sentence each
 */
export const wantUsers = (
	link: PlaneLink,
	wishes: readonly Wish[],
): { readonly pending: number; readonly refused: readonly string[] } => {
	const wanted = new Set(wishes.map(({ uid }) => uid));
	const gone = [...link.entries()].flatMap(([uid, { kind }]) => (kind === "User" && !wanted.has(uid) ? [uid] : []));
	for (const uid of gone) link.drop(uid);
	const standings = wishes.map((wish) => ({ wish, standing: link.want(wish) }));
	return {
		pending: gone.length + standings.filter(({ standing }) => standing === undefined).length,
		refused: standings.flatMap(({ wish, standing }) =>
			standing === undefined || standing.ready ? [] : [`user ${String(wish.spec.name)}: ${standing.message}`],
		),
	};
};
