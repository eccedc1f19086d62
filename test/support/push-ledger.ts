// What clients of a registry were told, and so what must be true of it afterwards.
import type { Digest } from "#/oci/digest.ts";

/** Counts the lives of the registry: what was asked of a dead one cannot take effect any more. */
export interface Lives {
	/** The life that answers now. */
	readonly current: number;
	/** The last life of which no process is left. */
	readonly dead: number;
}

/**
 * One thing that has a value, written by one client at a time. What was acknowledged last is its value; but requests
 * that got no answer may have been carried out too, and as long as a process of their life is left, may be yet.
 */
export class Register<T> {
	#acknowledged: T;
	#open: { readonly life: number; readonly value: T }[] = [];

	constructor(initial: T) {
		this.#acknowledged = initial;
	}

	/** The value that was acknowledged last. */
	get value(): T {
		return this.#acknowledged;
	}

	/** Whether nothing but the acknowledged value is possible. */
	get isCertain(): boolean {
		return this.#open.every(({ value }) => value === this.#acknowledged);
	}

	/** A request began that sets `value`. Call the result with whether it was acknowledged. */
	begin(value: T, lives: Lives): (acknowledged: boolean) => void {
		const { current: life, dead } = lives;
		return (acknowledged) => {
			if (!acknowledged) {
				this.#open.push({ life, value });
				return;
			}
			this.#acknowledged = value;
			this.#open = this.#open.filter((attempt) => attempt.life > dead);
		};
	}

	/** Whether the thing may have this value now. */
	allows(value: T): boolean {
		return value === this.#acknowledged || this.#open.some((attempt) => attempt.value === value);
	}
}

/** Content that can be made again from little. */
export interface Content {
	readonly digest: Digest;
	/** Of its noise. */
	readonly seed: number;
	/** Bytes. */
	readonly size: number;
}

/** A manifest that was pushed, or tried to be. */
export interface PushedManifest {
	readonly digest: Digest;
	readonly mediaType: string;
	readonly bytes: Buffer;
	readonly blobs: readonly Content[];
	readonly children: readonly Digest[];
	readonly subject: Digest | undefined;
	readonly isThere: Register<boolean>;
}

/** What one repository must hold. */
export class RepositoryLedger {
	readonly name: string;
	readonly blobs = new Map<Digest, { readonly content: Content; readonly isThere: Register<boolean> }>();
	readonly manifests = new Map<Digest, PushedManifest>();
	/** What each tag points at; undefined: there is no such tag. */
	readonly tags = new Map<string, Register<Digest | undefined>>();

	constructor(name: string) {
		this.name = name;
	}

	/** The register of a blob. */
	blob(content: Content): Register<boolean> {
		const known = this.blobs.get(content.digest);
		if (known !== undefined) return known.isThere;
		const isThere = new Register(false);
		this.blobs.set(content.digest, { content, isThere });
		return isThere;
	}

	/** The register of a tag. */
	tag(name: string): Register<Digest | undefined> {
		const known = this.tags.get(name);
		if (known !== undefined) return known;
		const register = new Register<Digest | undefined>(undefined);
		this.tags.set(name, register);
		return register;
	}

	/** Manifests that are certainly there. */
	present(): readonly PushedManifest[] {
		return [...this.manifests.values()].filter(({ isThere }) => isThere.value && isThere.isCertain);
	}

	/** Blobs that are certainly there. */
	presentBlobs(): readonly Content[] {
		return [...this.blobs.values()].flatMap(({ content, isThere }) =>
			isThere.value && isThere.isCertain ? [content] : [],
		);
	}
}
