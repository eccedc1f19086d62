import type { KubeObject } from "#/kube/kube-object.ts";
import { isJson } from "#/kube-embedded/json.ts";
import { invalid, required, tooLong } from "#/kube-embedded/schema/causes.ts";
import { recordAt, stringAt } from "#/kube-embedded/schema/json-record.ts";
import type { FieldCause } from "#/kube-embedded/schema/kind-rules.ts";

const mostBytes = 1024 * 1024;

const keyForm =
	"a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

const checkKeys = (object: KubeObject, field: string): FieldCause[] =>
	Object.keys(recordAt(object, field)).flatMap((key) => {
		const at = `${field}[${key}]`;
		if (key === "." || key === "..") return [invalid(at, key, `must not be '${key}'`)];
		if (key.length > 253) return [invalid(at, key, "must be no more than 253 characters")];
		return /^[-._a-zA-Z0-9]+$/.test(key) ? [] : [invalid(at, key, keyForm)];
	});

const sizeOf = (values: readonly unknown[], encoding: "utf8" | "base64"): number =>
	values.reduce<number>(
		(total, value) => total + (typeof value === "string" ? Buffer.byteLength(value, encoding) : 0),
		0,
	);

/** What a schema cannot say of a ConfigMap: the form of its keys, none twice, how much it holds. */
export const checkConfigMap = (object: KubeObject): readonly FieldCause[] => {
	const [data, binary] = [recordAt(object, "data"), recordAt(object, "binaryData")];
	const twice = Object.keys(data).filter((key) => Object.hasOwn(binary, key));
	const size = sizeOf(Object.values(data), "utf8") + sizeOf(Object.values(binary), "base64");
	return [
		...checkKeys(object, "data"),
		...checkKeys(object, "binaryData"),
		...twice.map((key) => invalid(`data[${key}]`, key, "duplicate of key present in binaryData")),
		...(size > mostBytes ? [tooLong("", mostBytes)] : []),
	];
};

const needed: Readonly<Record<string, readonly string[]>> = {
	"kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
	"kubernetes.io/dockercfg": [".dockercfg"],
	"kubernetes.io/tls": ["tls.crt", "tls.key"],
	"kubernetes.io/ssh-auth": ["ssh-privatekey"],
};

const checkContents = (type: string, data: Readonly<Record<string, unknown>>): FieldCause[] => {
	if (type === "kubernetes.io/basic-auth" && data.username === undefined && data.password === undefined)
		return [required("data[username]"), required("data[password]")];
	return (needed[type] ?? []).flatMap((key) => {
		const value = data[key];
		if (value === undefined) return [required(`data[${key}]`)];
		const text = typeof value === "string" ? Buffer.from(value, "base64").toString() : "";
		return key.startsWith(".docker") && !isJson(text)
			? [
					invalid(
						`data[${key}]`,
						"<secret contents redacted>",
						"invalid character in the docker configuration: it is no JSON",
					),
				]
			: [];
	});
};

/** What a schema cannot say of a Secret: the form of its keys, what its type promises, how much it holds. */
export const checkSecret = (object: KubeObject): readonly FieldCause[] => {
	const data = recordAt(object, "data");
	// What is about to be written as text is in `data` afterwards.
	const written = Object.entries(recordAt(object, "stringData")).map(([key, value]) => [
		key,
		Buffer.from(String(value)).toString("base64"),
	]);
	const all = { ...data, ...Object.fromEntries(written) };
	return [
		...checkKeys(object, "data"),
		...checkKeys(object, "stringData"),
		...(sizeOf(Object.values(all), "base64") > mostBytes ? [tooLong("data", mostBytes)] : []),
		...checkContents(stringAt(object, "type") ?? "", all),
	];
};
