/** What a workload's token says of it, once that is known to be true. */
export interface Workload {
	/** The `iss` of its token, or `OWN_CLUSTER` for a service account of the registry's own cluster. */
	readonly issuer: string;
	readonly subject: string;
	readonly audiences: readonly string[];
	/** All that the token says. */
	readonly claims: { readonly [name: string]: unknown };
	/** When the token ends, milliseconds since the epoch. */
	readonly expiresAt: number;
}

/** A service account, as Kubernetes names it in the `sub` of its tokens. */
export interface ServiceAccount {
	readonly namespace: string;
	readonly name: string;
}

const SUBJECT = /^system:serviceaccount:([a-z0-9-]{1,63}):([a-z0-9.-]{1,253})$/;

/** The service account that a subject names; undefined when it names something else. */
export const serviceAccountOf = (subject: string): ServiceAccount | undefined => {
	const [, namespace, name] = SUBJECT.exec(subject) ?? [];
	return namespace === undefined || name === undefined ? undefined : { namespace, name };
};
