import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "#/kube/kube-object.ts";
import { fieldAt, isRecord, listAt, textAt, textsAt, withField } from "#/kube-embedded/json.ts";
import type { KindRegistry } from "#/kube-embedded/kinds/kind-registry.ts";

/** Keeps a definition until its objects are gone. */
export const CRD_CLEANUP = "customresourcecleanup.apiextensions.k8s.io";

/** A definition with what the API server fills in where its author left it out. */
export const defaultCrd = (crd: KubeObject): KubeObject => {
	const kind = textAt(crd, "spec", "names", "kind") ?? "";
	const fill = (object: KubeObject, path: readonly string[], value: unknown): KubeObject =>
		fieldAt(object, path) === undefined ? { ...object, ...withField(object, path, value) } : object;
	const named = fill(crd, ["spec", "names", "singular"], kind.toLowerCase());
	return fill(fill(named, ["spec", "names", "listKind"], `${kind}List`), ["spec", "conversion"], { strategy: "None" });
};

interface CrdCondition {
	readonly type: string;
	readonly status: "True" | "False";
	readonly reason: string;
	readonly message: string;
}

/** Which of its names another kind of the group has already. */
const namesTaken = (crd: KubeObject, kinds: KindRegistry): CrdCondition | undefined => {
	const group = textAt(crd, "spec", "group");
	const others = kinds
		.all()
		.filter(({ type, crd: other }) => type.group === group && other?.metadata.name !== crd.metadata.name);
	const taken = others.flatMap(({ type, singular, shortNames }) => [type.plural, singular, ...shortNames]);
	const kind = textAt(crd, "spec", "names", "kind") ?? "";
	const wanted = [textAt(crd, "spec", "names", "singular") ?? "", ...textsAt(crd, "spec", "names", "shortNames")];
	const clash = wanted.find((name) => taken.includes(name));
	const refused = (reason: string, name: string): CrdCondition => ({
		type: "NamesAccepted",
		status: "False",
		reason,
		message: `"${name}" is already in use`,
	});
	if (others.some(({ type }) => type.kind === kind)) return refused("KindConflict", kind);
	return clash === undefined ? undefined : refused("ShortNamesConflict", clash);
};

const wantedConditions = (crd: KubeObject, kinds: KindRegistry): CrdCondition[] => {
	const refused = namesTaken(crd, kinds);
	if (refused !== undefined) {
		const message = "not all names are accepted";
		return [refused, { type: "Established", status: "False", reason: "NotAccepted", message }];
	}
	return [
		{ type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" },
		{
			type: "Established",
			status: "True",
			reason: "InitialNamesAccepted",
			message: "the initial names have been accepted",
		},
	];
};

/** A definition with the status that says whether it is served; it is from the moment that it is stored. */
export const withCrdStatus = (crd: KubeObject, kinds: KindRegistry, now: string): KubeObject => {
	const before = listAt(crd, "status", "conditions");
	const conditions = wantedConditions(crd, kinds).map((condition) => {
		const old = before.find((known) => textAt(known, "type") === condition.type);
		const same = textAt(old, "status") === condition.status && isRecord(old);
		return { lastTransitionTime: same ? old.lastTransitionTime : now, ...condition };
	});
	const versions = listAt(crd, "spec", "versions").filter((version) => fieldAt(version, ["storage"]) === true);
	const storedVersions = new Set([
		...textsAt(crd, "status", "storedVersions"),
		...versions.map((version) => textAt(version, "name") ?? ""),
	]);
	const others = before.filter((known) => !conditions.some(({ type }) => textAt(known, "type") === type));
	const status = {
		...(isRecord(crd.status) ? crd.status : {}),
		conditions: [...conditions, ...others],
		acceptedNames: fieldAt(crd, ["spec", "names"]),
		storedVersions: [...storedVersions],
	};
	return isDeepStrictEqual(status, crd.status) ? crd : { ...crd, status };
};
