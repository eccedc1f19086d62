import { hash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { RobotAccountSpec } from "#/api/kinds/robot-account.ts";
import type { KubeObject, OwnerReference } from "#/kube/kube-object.ts";
import { isRobotSecret } from "./ledger.ts";
import { entriesOf, entry, ownedLabels, type RobotIdentity } from "./secret-entries.ts";

/** The form of a Secret with a credential. */
export interface CredentialSettings extends Pick<RobotAccountSpec["secret"], "labels" | "annotations"> {
	readonly type: Exclude<RobotAccountSpec["secret"]["type"], "None">;
}

/** What a Secret with a robot's credential is made of. */
export interface CredentialContent {
	readonly robot: RobotIdentity;
	readonly fullName: string;
	readonly secret: string;
	/** Host and, unless it is the scheme's own, port of the registry. */
	readonly host: string;
	readonly settings: CredentialSettings;
}

/** Where it is to be. */
export interface CredentialPlace {
	readonly namespace: string;
	readonly name: string;
	/** Absent for copies: no reference reaches into another namespace. */
	readonly owner?: OwnerReference;
}

/** Tells whether the labels and annotations that were asked for are still the same, without knowing who wrote which. */
const TEMPLATE = "limani.dev/template";

const TYPES = {
	DockerConfigJson: "kubernetes.io/dockerconfigjson",
	Basic: "kubernetes.io/basic-auth",
	Opaque: "Opaque",
} as const;

/** The Secret with a robot's credential, in the form that was asked for. */
export const credentialSecret = (
	content: CredentialContent,
	{ namespace, name, owner }: CredentialPlace,
): KubeObject => {
	const { robot, settings } = content;
	const { type, labels, annotations } = settings;
	return {
		apiVersion: "v1",
		kind: "Secret",
		metadata: {
			name,
			namespace,
			labels: { ...labels, ...ownedLabels(robot) },
			annotations: { ...annotations, [TEMPLATE]: templateOf(settings) },
			...(owner === undefined ? {} : { ownerReferences: [owner] }),
		},
		type: TYPES[type],
		data: dataOf(content),
	};
};

/** The robot's secret that a Secret holds, where its type has it; absent when it holds none that could be one. */
export const readCredential = (secret: KubeObject | undefined): string | undefined => {
	const entries = entriesOf(secret);
	const isConfig = secret?.type === TYPES.DockerConfigJson;
	const found = isConfig ? passwordOf(entries[".dockerconfigjson"]) : entries.password;
	return found !== undefined && isRobotSecret(found) ? found : undefined;
};

/** Whether a Secret can become another without being made anew: its type is for life. */
export const hasTypeOf = (present: KubeObject, wanted: KubeObject): boolean => present.type === wanted.type;

/** Whether a Secret says all that it should; what others added to it does not matter. */
export const isAsWanted = (present: KubeObject, wanted: KubeObject): boolean =>
	hasTypeOf(present, wanted) &&
	includes(present.metadata.labels, wanted.metadata.labels) &&
	includes(present.metadata.annotations, wanted.metadata.annotations) &&
	includes(present.data, wanted.data) &&
	(wanted.metadata.ownerReferences ?? []).every(({ uid }) =>
		present.metadata.ownerReferences?.some((one) => one.uid === uid && one.controller === true),
	);

const dataOf = ({ fullName, secret, host, settings }: CredentialContent): { readonly [key: string]: string } => {
	switch (settings.type) {
		case "DockerConfigJson": {
			const auth = entry(`${fullName}:${secret}`);
			const config = { auths: { [host]: { username: fullName, password: secret, auth } } };
			return { ".dockerconfigjson": entry(JSON.stringify(config)) };
		}
		case "Basic":
			return { username: entry(fullName), password: entry(secret) };
		case "Opaque":
			return { username: entry(fullName), password: entry(secret), registry: entry(host) };
	}
};

const templateOf = ({ labels, annotations }: CredentialContent["settings"]): string =>
	hash("sha256", JSON.stringify([sorted(labels), sorted(annotations)]), "hex").slice(0, 16);

const sorted = (words: { readonly [key: string]: string }) =>
	Object.entries(words).toSorted(([a], [b]) => (a < b ? -1 : 1));

const passwordOf = (config: string | undefined): string | undefined => {
	if (config === undefined) return undefined;
	try {
		const found: string[] = [];
		JSON.parse(config, (key, value: unknown) => {
			if (key === "password" && typeof value === "string") found.push(value);
			return value;
		});
		return found.length === 1 ? found[0] : undefined;
	} catch {
		return undefined;
	}
};

const includes = (whole: unknown, part: unknown): boolean => {
	if (typeof part !== "object" || part === null) return true;
	if (typeof whole !== "object" || whole === null) return Object.keys(part).length === 0;
	return Object.entries(part).every(([key, value]) => isDeepStrictEqual(Reflect.get(whole, key), value));
};
