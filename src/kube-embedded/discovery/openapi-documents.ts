import { hash } from "node:crypto";
import type { KindRegistry } from "#/kube-embedded/kinds/kind-registry.ts";
import { openApiOf } from "#/kube-embedded/schema/openapi-of.ts";
import { type GroupVersion, groupsOf } from "./group-versions.ts";
import { openApiPaths } from "./openapi-paths.ts";

const pathOf = ({ group, version }: GroupVersion): string =>
	group === "" ? `api/${version}` : `apis/${group}/${version}`;

const documentOf = ({ kinds }: GroupVersion): string => {
	const { schemas, names } = openApiOf(kinds);
	return JSON.stringify({
		openapi: "3.0.0",
		info: { title: "Kubernetes", version: "v1.35.0" },
		paths: Object.assign({}, ...kinds.map((kind) => openApiPaths(kind, names))),
		components: { schemas },
	});
};

/** The OpenAPI v3 documents, one for each group and version, made when they are asked for and kept until kinds change. */
export class OpenApiDocuments {
	readonly #kinds: KindRegistry;
	readonly #kept = new Map<string, { readonly of: string; readonly text: string }>();

	constructor(kinds: KindRegistry) {
		this.#kinds = kinds;
	}

	/** Where the documents are; the hash in each address changes with its document. */
	index(): unknown {
		const paths = [...groupsOf(this.#kinds).values()].flat().map((groupVersion) => {
			const path = pathOf(groupVersion);
			const digest = hash("sha256", this.#text(groupVersion), "hex").toUpperCase();
			return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${digest}` }];
		});
		return { paths: Object.fromEntries(paths) };
	}

	/** The document of `api/v1` or `apis/<group>/<version>`; undefined when nothing is served there. */
	find(path: string): string | undefined {
		const all = [...groupsOf(this.#kinds).values()].flat();
		const found = all.find((groupVersion) => pathOf(groupVersion) === path);
		return found === undefined ? undefined : this.#text(found);
	}

	#text(groupVersion: GroupVersion): string {
		const path = pathOf(groupVersion);
		const of = groupVersion.kinds
			.map(({ type, crd }) => `${type.plural} ${crd?.metadata.uid ?? ""} ${crd?.metadata.generation ?? ""}`)
			.join();
		const kept = this.#kept.get(path);
		if (kept?.of === of) return kept.text;
		const text = documentOf(groupVersion);
		this.#kept.set(path, { of, text });
		return text;
	}
}
