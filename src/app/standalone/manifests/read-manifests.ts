import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { ConfigError } from "#/app/config/load.ts";
import type { KubeObject } from "#/kube/kube-object.ts";

/** An object of a manifest file. */
export interface Manifest {
	/** Where it stands, for messages. */
	readonly source: string;
	readonly object: KubeObject;
}

/** What every manifest must have; what else it holds is the API's to judge. */
const objectSchema = z.looseObject({
	apiVersion: z.string().min(1),
	kind: z.string().min(1),
	metadata: z.looseObject({ name: z.string().min(1), namespace: z.string().min(1).exactOptional() }),
});

/** What there is at some paths. */
export interface ReadManifests {
	readonly manifests: readonly Manifest[];
	/** What could not be read, each naming the file and what is wrong with it; nothing of such a file is above. */
	readonly failures: readonly ConfigError[];
}

const MANIFEST = /\.(ya?ml|json)$/;

/**
 * Reads the manifests at some paths: files, and directories with all that is below them, in the order of their names.
 * Objects of namespaces come first, then what others refer to, then the rest, else as they were found.
 */
export const readManifests = (paths: readonly string[]): ReadManifests => {
	const failures: ConfigError[] = [];
	const tried = <T>(read: (path: string) => readonly T[], path: string): readonly T[] => {
		try {
			return read(path);
		} catch (error) {
			if (!(error instanceof ConfigError)) throw error;
			failures.push(error);
			return [];
		}
	};
	const manifests = paths.flatMap((path) => tried(filesOf, path)).flatMap((file) => tried(readFile, file));
	return { manifests: manifests.toSorted((a, b) => rankOf(a) - rankOf(b)), failures };
};

const FIRST = ["Namespace", "Secret", "ConfigMap", "ServiceAccount"];

const rankOf = ({ object }: Manifest): number => {
	const rank = FIRST.indexOf(object.kind);
	return rank < 0 ? FIRST.length : rank;
};

const filesOf = (path: string): readonly string[] => {
	try {
		if (!statSync(path).isDirectory()) return [path];
		return readdirSync(path, { recursive: true, encoding: "utf8" })
			.filter((name) => MANIFEST.test(name))
			.toSorted()
			.map((name) => join(path, name));
	} catch (cause) {
		throw unreadable(path, cause);
	}
};

const readFile = (file: string): readonly Manifest[] => {
	let text: string;
	try {
		text = readFileSync(file, "utf8");
	} catch (cause) {
		throw unreadable(file, cause);
	}
	return parseAllDocuments(text, { logLevel: "error" }).flatMap((document, i) => {
		const source = `${file}, document ${i + 1}`;
		const [error] = document.errors;
		if (error !== undefined) {
			const [start] = error.linePos ?? [];
			// The library's own message quotes the text, which may be of a Secret.
			const where = start === undefined ? "" : ` at line ${start.line}, column ${start.col}`;
			throw new ConfigError(
				`--manifests: ${source}: is not YAML: ${error.code.toLowerCase().replaceAll("_", " ")}${where}`,
			);
		}
		const content: unknown = document.toJS();
		return content === null || content === undefined ? [] : [{ source, object: parseObject(source, content) }];
	});
};

const parseObject = (source: string, content: unknown): KubeObject => {
	const parsed = objectSchema.safeParse(content);
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	throw new ConfigError(
		`--manifests: ${source}: ${issue?.path.join(".") || "document"}: expected an object of Kubernetes`,
	);
};

const unreadable = (path: string, cause: unknown): ConfigError =>
	new ConfigError(
		`--manifests: got ${path}: expected a file or directory that can be read (${cause instanceof Error ? cause.message : String(cause)})`,
		{ cause },
	);
