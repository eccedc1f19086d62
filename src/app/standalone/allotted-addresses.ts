import { readFileSync } from "node:fs";
import { z } from "zod";
import { writeDurably } from "#/lib/write-durably.ts";

const fileSchema = z.record(z.string(), z.int().min(0).max(65_535));

/** What {@link AllottedAddresses} works with. */
export interface AllottedAddressesOpts {
	/** Where the allotments are kept. */
	readonly file: string;
	/** The address of the first registry; the next ones get the ports above. */
	readonly first: { readonly host: string; readonly port: number };
	/** Ports that are taken otherwise. */
	readonly reserved: ReadonlySet<number>;
}

/**
 * The addresses of standalone mode's registries: allotted once, and kept by the registry's uid, so that what a client
 * or a Secret knows stays true over restarts. They are kept as distances from the first, which moves with `--listen`.
 */
export class AllottedAddresses {
	readonly #opts: AllottedAddressesOpts;
	readonly #distances: Map<string, number>;

	/** Reads what was allotted before. @throws Error when the file is there and not what was written */
	constructor(opts: AllottedAddressesOpts) {
		this.#opts = opts;
		this.#distances = new Map(Object.entries(readDistances(opts.file)));
	}

	/**
	 * The address of a registry; allots one, durably, where it has none.
	 *
	 * @returns `HOST:PORT`
	 */
	allot(uid: string): string {
		const distance = this.#distances.get(uid) ?? this.#next();
		if (!this.#distances.has(uid)) {
			this.#distances.set(uid, distance);
			this.#write();
		}
		const { host, port } = this.#opts.first;
		return `${host.includes(":") ? `[${host}]` : host}:${port + distance}`;
	}

	/** Gives the address of a registry that is gone back. */
	release(uid: string): void {
		if (this.#distances.delete(uid)) this.#write();
	}

	#next(): number {
		const { first, reserved } = this.#opts;
		const taken = new Set(this.#distances.values());
		let distance = 0;
		while (taken.has(distance) || reserved.has(first.port + distance)) distance++;
		if (first.port + distance > 65_535) throw new Error(`no port is left above ${first.port} for another registry`);
		return distance;
	}

	#write(): void {
		writeDurably(this.#opts.file, JSON.stringify(Object.fromEntries(this.#distances), undefined, "\t"));
	}
}

const readDistances = (file: string): { readonly [uid: string]: number } => {
	let text: string;
	try {
		text = readFileSync(file, "utf8");
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
		throw error;
	}
	return fileSchema.parse(JSON.parse(text));
};
