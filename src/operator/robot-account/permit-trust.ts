import { durationMs } from "#/api/fields/durations.ts";
import type { Registry } from "#/api/kinds/registry.ts";
import type { RobotAccount } from "#/api/kinds/robot-account.ts";
import { OWN_CLUSTER, type RobotAccountSpec } from "#/api/robot-account-spec.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { isWildcard } from "#/lib/wildcard.ts";
import { ACCEPT_LABEL } from "#/operator/tenancy/accepts-copies.ts";
import type { Refusal } from "#/operator/tenancy/permit.ts";

/** One trust, as it crosses Control. */
type TrustWish = RobotAccountSpec["trust"][number];

/** What comes of whom a robot trusts. */
export interface PermittedTrust {
	readonly trust: readonly TrustWish[];
	readonly refusals: readonly Refusal[];
}

type Trust = RobotAccount["spec"]["trust"][number];
type Account = NonNullable<Trust["serviceAccounts"]>[number];

/** Longer than any token lives, seconds: what Control lets through. */
const MAX_LIFETIME_S = 86_400;

/**
 * Whom a robot trusts, as far as it may: issuers and audiences that its Registry accepts; service accounts of its own
 * namespace, and of others that accept what comes from there as they do copies of Secrets, for that is what it comes to.
 * From the Registry's own namespace all of them may be named, by patterns too.
 *
 * @param host the audience that the Registry accepts where it names none
 */
export const permitTrust = (
	{ namespaces }: { readonly namespaces: ObjectStore },
	robot: RobotAccount,
	{ registry, host }: { readonly registry: Registry; readonly host: string },
): PermittedTrust => {
	const found = robot.spec.trust.map((trust) => {
		const origin = originOf(trust, registry);
		if ("refused" in origin) return { trust: [], refusals: [refusal(origin.refused)] };
		const accepted = origin.audiences.length > 0 ? origin.audiences : [host];
		if (trust.audience !== undefined && !accepted.includes(trust.audience)) {
			const message = `the Registry does not accept the audience ${trust.audience} of ${origin.called}`;
			return { trust: [], refusals: [refusal(message)] };
		}
		if (trust.serviceAccounts === undefined) return { trust: [toWish(trust, trust.subject ?? "")], refusals: [] };
		return permitAccounts(trust, trust.serviceAccounts, (account) => whyNot(account, robot, registry, namespaces));
	});
	return { trust: found.flatMap(({ trust }) => trust), refusals: found.flatMap(({ refusals }) => refusals) };
};

type Origin =
	| { readonly audiences: readonly string[]; readonly called: string }
	/** Why the Registry accepts none of its tokens. */
	| { readonly refused: string };

const originOf = ({ issuer }: Trust, { metadata, spec }: Registry): Origin => {
	const { serviceAccountTokens, issuers } = spec.auth;
	const name = `Registry ${metadata.namespace}/${metadata.name}`;
	if (issuer === undefined) {
		if (serviceAccountTokens !== undefined) return { ...serviceAccountTokens, called: "service accounts" };
		return { refused: `${name} accepts no tokens of service accounts: its auth.serviceAccountTokens is not set` };
	}
	const known = issuers.find(({ url }) => url === issuer);
	return known === undefined
		? { refused: `${name} accepts no tokens of ${issuer}: it is not among its auth.issuers` }
		: { audiences: known.audiences, called: issuer };
};

const permitAccounts = (
	trust: Trust,
	accounts: readonly Account[],
	whyRefused: (account: Account) => string | { readonly namespace: string },
): PermittedTrust => {
	const wishes: TrustWish[] = [];
	const refusals: Refusal[] = [];
	for (const account of accounts) {
		const permitted = whyRefused(account);
		if (typeof permitted === "string") refusals.push(refusal(permitted));
		else wishes.push(toWish(trust, `system:serviceaccount:${permitted.namespace}:${account.name}`));
	}
	return { trust: wishes, refusals };
};

/** The namespace of a service account that may be trusted, or why it may not. */
const whyNot = (
	{ namespace: named }: Account,
	{ metadata }: RobotAccount,
	registry: Registry,
	namespaces: ObjectStore,
): string | { readonly namespace: string } => {
	const { namespace: own } = metadata;
	const namespace = named ?? own;
	if (namespace === own || own === registry.metadata.namespace) return { namespace };
	if (isWildcard(namespace)) return "a pattern for namespaces is for the Registry's own namespace alone";
	const accepts = namespaces.get(namespace)?.metadata.labels?.[ACCEPT_LABEL] === own;
	return accepts ? { namespace } : `namespace ${namespace} does not say ${ACCEPT_LABEL}: ${own}`;
};

const toWish = ({ issuer, audience, claims, tokenLifetime }: Trust, subject: string): TrustWish => ({
	issuer: issuer ?? OWN_CLUSTER,
	...(audience === undefined ? {} : { audience }),
	subject,
	claims,
	...(tokenLifetime === undefined
		? {}
		: { tokenLifetimeS: Math.min(MAX_LIFETIME_S, Math.floor(durationMs(tokenLifetime) / 1_000)) }),
});

const refusal = (message: string): Refusal => ({ reason: "NotAllowed", message });
