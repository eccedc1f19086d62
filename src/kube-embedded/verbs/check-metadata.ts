import type { KubeObject } from "#/kube/kube-object.ts";
import { fieldAt, isRecord, listAt, textAt } from "#/kube-embedded/json.ts";
import type { FieldCause } from "#/kube-embedded/schema/kind-rules.ts";

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const MAX_ANNOTATIONS = 256 * 1024;

const SUBDOMAIN_RULE =
	"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_RULE =
	"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED_RULE =
	"name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_RULE =
	"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const bad = (field: string, value: unknown, rule: string): FieldCause => ({
	reason: "FieldValueInvalid",
	field,
	message: `Invalid value: ${JSON.stringify(value)}: ${rule}`,
});

const checkName = (name: string, label: boolean): FieldCause[] => {
	const field = "metadata.name";
	const limit = label ? 63 : 253;
	if (name === "") {
		return [{ reason: "FieldValueRequired", field, message: "Required value: name or generateName is required" }];
	}
	return [
		...(name.length > limit ? [bad(field, name, `must be no more than ${limit} bytes`)] : []),
		...((label ? LABEL : SUBDOMAIN).test(name) ? [] : [bad(field, name, label ? LABEL_RULE : SUBDOMAIN_RULE)]),
	];
};

/** A name with an optional prefix, `example.com/name`. */
const checkQualified = (field: string, key: string): FieldCause[] => {
	const slash = key.indexOf("/");
	const [prefix, name] = slash < 0 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)];
	if (prefix !== undefined && !SUBDOMAIN.test(prefix)) return [bad(field, key, `prefix part ${SUBDOMAIN_RULE}`)];
	if (name.length > 63) return [bad(field, key, "name part must be no more than 63 bytes")];
	return QUALIFIED.test(name) ? [] : [bad(field, key, name === "" ? "name part must be non-empty" : QUALIFIED_RULE)];
};

const checkLabels = (labels: unknown): FieldCause[] => {
	if (!isRecord(labels)) return [];
	return Object.entries(labels).flatMap(([key, value]) => {
		const field = "metadata.labels";
		if (typeof value !== "string") return [bad(field, value, "must be a string")];
		if (value.length > 63) return [bad(field, value, "must be no more than 63 bytes")];
		return [...checkQualified(field, key), ...(LABEL_VALUE.test(value) ? [] : [bad(field, value, VALUE_RULE)])];
	});
};

const checkAnnotations = (annotations: unknown): FieldCause[] => {
	if (!isRecord(annotations)) return [];
	const field = "metadata.annotations";
	const entries = Object.entries(annotations);
	const size = entries.reduce((sum, [key, value]) => sum + key.length + String(value).length, 0);
	const tooLong: FieldCause[] =
		size > MAX_ANNOTATIONS
			? [{ reason: "FieldValueTooLong", field, message: `Too long: may not be more than ${MAX_ANNOTATIONS} bytes` }]
			: [];
	return [...entries.flatMap(([key]) => checkQualified(field, key.toLowerCase())), ...tooLong];
};

const checkOwners = (object: KubeObject): FieldCause[] => {
	const owners = listAt(object, "metadata", "ownerReferences");
	const found = owners.flatMap((owner) =>
		["apiVersion", "kind", "name", "uid"]
			.filter((part) => (textAt(owner, part) ?? "") === "")
			.map((part) => bad(`metadata.ownerReferences.${part}`, "", "must not be empty")),
	);
	const controllers = owners.filter((owner) => fieldAt(owner, ["controller"]) === true);
	const [one, other] = controllers.map((owner) => `${textAt(owner, "kind")}/${textAt(owner, "name")}`);
	const rule = `Only one reference can have Controller set to true. Found "true" in references for ${one} and ${other}`;
	return other === undefined ? found : [...found, bad("metadata.ownerReferences", owners, rule)];
};

/**
 * What is wrong with the metadata of an object, whatever its kind.
 *
 * @param label whether its name must be a DNS label, as that of a namespace
 */
export const checkMetadata = (object: KubeObject, label: boolean): FieldCause[] => [
	...checkName(object.metadata.name, label),
	...checkLabels(object.metadata.labels),
	...checkAnnotations(object.metadata.annotations),
	...listAt(object, "metadata", "finalizers").flatMap((finalizer) =>
		checkQualified("metadata.finalizers", String(finalizer)),
	),
	...checkOwners(object),
];
