import { stringify } from "yaml";

/** A command of kubectl with what it tries, in words. */
export interface KubectlStep {
	readonly name: string;
	readonly args: readonly string[];
	/** Manifests that it reads, by the names of their files. */
	readonly files?: Readonly<Record<string, readonly object[]>>;
	/** What its editor does: a command of sed. */
	readonly edits?: string;
	/** An object, `wd/one`, whose uid stands for `{uid}` in arguments and files. */
	readonly uidOf?: string;
	/** It is ended after so many lines; meanwhile, as soon as it has said something, these are run one after the other. */
	readonly follows?: { readonly lines: number; readonly meanwhile: readonly (readonly string[])[] };
}

/** A command: words with blanks between, then arguments as they are. */
export const kubectl = (
	name: string,
	words: string,
	more: readonly string[] = [],
	rest: Omit<KubectlStep, "name" | "args"> = {},
): KubectlStep => ({ name, args: [...words.split(" "), ...more], ...rest });

/** A command that reads objects from a file: `words` and `-f`. */
export const withFile = (name: string, words: string, ...objects: readonly object[]): KubectlStep => {
	const file = `${name.replaceAll(/[^a-zA-Z]+/g, "-").slice(0, 60)}.yaml`;
	return kubectl(name, words, ["-f", file], { files: { [file]: objects } });
};

/** The text of a file with these objects. */
export const documentsOf = (objects: readonly object[]): string =>
	objects.map((object) => stringify(object)).join("---\n");
