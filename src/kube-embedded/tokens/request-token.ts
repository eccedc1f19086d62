import type { KubeObject } from "#/kube/kube-object.ts";
import { fieldAt, isRecord, textAt, textsAt } from "#/kube-embedded/json.ts";
import { badRequest, conflict, invalid, notFound } from "#/kube-embedded/status-error.ts";
import type { Target, VerbDeps } from "#/kube-embedded/verbs/verb-deps.ts";
import { timestamp } from "#/kube-embedded/verbs/verb-deps.ts";
import type { TokenSigner } from "./token-signer.ts";

/** What makes tokens. */
export interface TokenDeps extends VerbDeps {
	readonly signer: TokenSigner;
	/** The URL that tokens name as their issuer. */
	readonly issuer: string;
}

const TYPE = { group: "authentication.k8s.io", plural: "tokenrequests", kind: "TokenRequest" };
const [SHORTEST, USUAL, LONGEST] = [600, 3600, 24 * 3600];

const secondsOf = (request: unknown): number => {
	const asked = fieldAt(request, ["spec", "expirationSeconds"]) ?? USUAL;
	if (typeof asked !== "number" || asked < SHORTEST) {
		const message = `Invalid value: ${JSON.stringify(asked)}: may not specify a duration less than 10 minutes`;
		throw invalid(TYPE, "", [{ reason: "FieldValueInvalid", field: "spec.expirationSeconds", message }]);
	}
	return Math.min(Math.floor(asked), LONGEST);
};

/** The Secret to which a token is bound; undefined when it is bound to nothing. @throws StatusError */
const boundSecret = (request: unknown, { namespace }: Target, { store }: VerbDeps): KubeObject | undefined => {
	const bound = fieldAt(request, ["spec", "boundObjectRef"]);
	if (!isRecord(bound)) return undefined;
	const { kind, name } = bound;
	if (kind !== "Secret" || typeof name !== "string")
		throw badRequest(`cannot bind token to object of type ${String(kind)}`);
	const secret = store.find({ resource: "/secrets", namespace, name });
	const type = { group: "", plural: "secrets", kind: "Secret" };
	if (secret === undefined) throw notFound(type, name);
	const uid = textAt(bound, "uid");
	if (uid !== undefined && uid !== "" && uid !== secret.metadata.uid) {
		throw conflict(type, name, `the UID in the bound object reference (${uid}) does not match the UID in record`);
	}
	return secret;
};

/**
 * Answers a TokenRequest: a token of the service account for the audiences asked for, one day at most.
 *
 * @throws StatusError NotFound, Invalid
 */
export const requestToken = (target: Target, request: unknown, deps: TokenDeps): unknown => {
	const { kind, namespace, name } = target;
	const account = deps.store.find({ resource: kind.storage, namespace, name });
	if (account === undefined) throw notFound(kind.type, name);
	const seconds = secondsOf(request);
	const secret = boundSecret(request, target, deps);
	const asked = textsAt(request, "spec", "audiences");
	const audiences = asked.length > 0 ? asked : [deps.issuer];
	const issued = Math.floor(deps.now() / 1000);
	const token = deps.signer.sign({
		aud: audiences,
		exp: issued + seconds,
		iat: issued,
		iss: deps.issuer,
		jti: Buffer.from(deps.randomBytes(16)).toString("hex"),
		"kubernetes.io": {
			namespace,
			serviceaccount: { name, uid: account.metadata.uid },
			...(secret === undefined ? {} : { secret: { name: secret.metadata.name, uid: secret.metadata.uid } }),
		},
		nbf: issued,
		sub: `system:serviceaccount:${namespace}:${name}`,
	});
	return {
		kind: "TokenRequest",
		apiVersion: "authentication.k8s.io/v1",
		metadata: { name, namespace, creationTimestamp: timestamp(deps.now()) },
		spec: {
			audiences,
			expirationSeconds: seconds,
			boundObjectRef: fieldAt(request, ["spec", "boundObjectRef"]) ?? null,
		},
		status: { token, expirationTimestamp: timestamp((issued + seconds) * 1000) },
	};
};
