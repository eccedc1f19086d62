import type { SecretEntry } from "./wanted-registry.ts";

/** A variable of the environment, with the entry of a Secret whose text it has. */
export interface SecretVariable {
	readonly variable: string;
	readonly from: SecretEntry;
	readonly optional: boolean;
}

interface EntryRef {
	readonly name: string;
	readonly key: string;
}

/** Where secrets come into a configuration document, noted while it is written. */
export class SecretUses {
	readonly environment: SecretVariable[] = [];
	readonly files: SecretEntry[] = [];
	readonly #fileOf: (entry: SecretEntry) => string;

	/** @param fileOf the file that an entry will be in */
	constructor(fileOf: (entry: SecretEntry) => string) {
		this.#fileOf = fileOf;
	}

	/** An entry becomes a file, whose path this is. */
	file({ name, key }: EntryRef): string {
		const entry = { secret: name, key };
		this.files.push(entry);
		return this.#fileOf(entry);
	}

	/** Authorities become a file, if there are any. */
	caFile(ref: EntryRef | undefined): { readonly caFile?: string } {
		return ref === undefined ? {} : { caFile: this.file(ref) };
	}

	/** The text of an entry becomes a variable. @param optional whether the registry can be without it */
	variable(variable: string, { name, key }: EntryRef, optional = false): void {
		this.environment.push({ variable, from: { secret: name, key }, optional });
	}
}
