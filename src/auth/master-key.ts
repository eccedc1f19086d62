import { createCipheriv, createDecipheriv, hash, randomBytes } from "node:crypto";
import { MasterKeyError } from "./master-key-error.ts";

/** The size of a master key, in bytes. */
export const MASTER_KEY_SIZE = 32;

const ALGORITHM = "aes-256-gcm";
const VERSION = 1;
const ID_SIZE = 8;
const NONCE_SIZE = 12;
const TAG_SIZE = 16;
const HEADER_SIZE = 1 + ID_SIZE + NONCE_SIZE;

/**
 * Seals what metadata keeps secret, with AES-256-GCM.
 *
 * Sealed form, version 1: the version (1 byte), which key it was (8 bytes), nonce (12 bytes), ciphertext, tag (16
 * bytes). The header and the purpose are authenticated with it, so one secret cannot be put in another's place.
 */
export class MasterKey {
	readonly #key: Uint8Array;
	readonly #id: Buffer;

	/** @throws MasterKeyError WRONG_SIZE unless the key is 32 bytes */
	constructor(key: Uint8Array) {
		if (key.length !== MASTER_KEY_SIZE) {
			throw new MasterKeyError("WRONG_SIZE", `a master key is ${MASTER_KEY_SIZE} bytes, this one is ${key.length}`);
		}
		this.#key = Uint8Array.from(key);
		this.#id = hash("sha256", Buffer.concat([Buffer.from("limani master key\0"), key]), "buffer").subarray(0, ID_SIZE);
	}

	/** @param purpose what it is, e.g. `signing-key:<kid>`; needed again to open it */
	seal(plain: Uint8Array, purpose: string): Uint8Array {
		const header = Buffer.concat([Buffer.of(VERSION), this.#id, randomBytes(NONCE_SIZE)]);
		const cipher = createCipheriv(ALGORITHM, this.#key, header.subarray(1 + ID_SIZE), { authTagLength: TAG_SIZE });
		cipher.setAAD(Buffer.concat([header, Buffer.from(purpose)]));
		return Buffer.concat([header, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
	}

	/** @throws MasterKeyError OTHER_KEY, CORRUPT, UNKNOWN_FORMAT */
	open(sealed: Uint8Array, purpose: string): Uint8Array {
		const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
		this.#check(bytes, purpose);
		const header = bytes.subarray(0, HEADER_SIZE);
		const nonce = header.subarray(1 + ID_SIZE);
		const decipher = createDecipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_SIZE });
		decipher.setAAD(Buffer.concat([header, Buffer.from(purpose)]));
		decipher.setAuthTag(bytes.subarray(-TAG_SIZE));
		try {
			return Buffer.concat([decipher.update(bytes.subarray(HEADER_SIZE, -TAG_SIZE)), decipher.final()]);
		} catch (cause) {
			throw changed(purpose, cause);
		}
	}

	#check(bytes: Buffer, purpose: string): void {
		if (bytes[0] !== undefined && bytes[0] !== VERSION) {
			throw new MasterKeyError("UNKNOWN_FORMAT", `${purpose} is sealed in format ${bytes[0]}, known is ${VERSION}`);
		}
		if (bytes.length < HEADER_SIZE + TAG_SIZE) throw new MasterKeyError("CORRUPT", `${purpose} is cut short`);
		if (!bytes.subarray(1, 1 + ID_SIZE).equals(this.#id)) {
			throw new MasterKeyError(
				"OTHER_KEY",
				`${purpose} was sealed by another master key: bring that one back, or run limani replace-keys`,
			);
		}
	}
}

const changed = (purpose: string, cause: unknown): MasterKeyError =>
	new MasterKeyError("CORRUPT", `${purpose} was changed, or sealed for another purpose`, { cause });
