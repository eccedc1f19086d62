import type { KubeClient } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { ownershipOf } from "#/kube/ownership.ts";
import { OWNER_LABEL } from "#/operator/owner-label.ts";
import type { Standing } from "#/operator/plane/observations.ts";
import { credentialSecret, hasTypeOf, isAsWanted, readCredential } from "./credential-secret.ts";
import { type Ledger, readLedger } from "./ledger.ts";
import { type CredentialFacts, type MintReason, nextStep, type PresentSecret, type Step } from "./next-step.ts";
import { cachedSecrets, freshSecrets, type RobotSecrets, withFreshCredential } from "./robot-secrets.ts";
import { type Effect, placeOf, type StepDeps, type StepSubject, takeStep } from "./take-step.ts";

/** What {@link settleCredential} works with. */
export interface CredentialDeps extends StepDeps {
	readonly client: KubeClient;
	/** Secrets of ours. */
	readonly secrets: ObjectStore;
	/** The resource version of each robot's ledger as this process last knew it, by the robots' uids. */
	readonly ledgerVersions: Map<string, string | undefined>;
	readonly now: () => number;
	readonly verifierOf: (uid: string, secret: string) => string;
}

/** What is asked of a credential. */
export interface CredentialOrder extends StepSubject {
	readonly intervalMs: number | undefined;
	readonly graceMs: number;
	readonly force: string | undefined;
	readonly knownRotation: number | undefined;
	/** Tells the data plane of the credentials that a ledger names, absent: of none; what it says of just these. */
	readonly want: (ledger: Ledger | undefined) => Standing | undefined;
	/** Told of each new secret. */
	readonly minted: (why: MintReason) => void;
}

/** Where a credential stands. */
export interface SettledCredential {
	/** `wait`: the data plane has not accepted it yet; `conflict`: somebody else's Secret is in its place. */
	readonly at: "done" | "wait" | "conflict";
	readonly ledger: Ledger | undefined;
	/** What the data plane says of the robot as it is now. */
	readonly standing: Standing | undefined;
	/** What the Secret holds; absent before it is there. */
	readonly secret: string | undefined;
}

/** More effects than any life needs at a time. */
const MAX_EFFECTS = 16;

/**
 * Brings a robot's credential as far as it goes now, one effect at a time. A cache is believed when it says that there is
 * nothing to do, and when it is not behind what this process wrote; whatever is done is done on what was just read, but
 * for what the API server itself refuses when the cache was wrong: making what is there already.
 *
 * @throws KubeError when the API server does not do it, or something changed meanwhile
 */
export const settleCredential = async (
	deps: CredentialDeps,
	order: CredentialOrder,
	signal: AbortSignal,
): Promise<SettledCredential> => {
	const { robot, name } = order;
	const sources = { client: deps.client, store: deps.secrets };
	const readAll = () => freshSecrets(sources, robot, name, signal);
	const cached = cachedSecrets(deps.secrets, robot, name);
	let known: Known = isBehind(deps, order, cached) ? "all" : "cached";
	let seen = known === "all" ? await readAll() : cached;
	for (let effects = 0; effects <= MAX_EFFECTS; ) {
		deps.ledgerVersions.set(robot.uid, versionOf(seen));
		const ledger = readLedger(seen.ledger);
		const standing = ledger === undefined ? undefined : order.want(ledger);
		const step = nextStep(factsOf(deps, order, { seen, ledger, standing }));
		const at = endOf(step);
		if (at !== undefined) return { at, ledger, standing, secret: heldOf(deps, order, { seen, ledger }) };
		if (!isEffect(step)) continue;
		const needed = neededFor(step, seen);
		if (!isEnough(known, needed)) {
			seen =
				needed === "all" ? await readAll() : await withFreshCredential(sources.client, { robot, name, seen }, signal);
			known = needed;
			continue;
		}
		effects++;
		const after = await takeStep(deps, order, { step, seen }, signal).catch((error: unknown) => {
			if (known === "all" || !(error instanceof KubeError) || error.code !== "EXISTS") throw error;
			return undefined;
		});
		if (after !== undefined && step.do === "mint") order.minted(step.why);
		seen = after ?? (await readAll());
		known = "all";
	}
	throw new Error(`the credential of ${robot.namespace}/${robot.name} does not settle`);
};

/** What is known otherwise than by a cache. `credential`: what is in the place of the Secret that the owner reads. */
type Known = "cached" | "credential" | "all";

/**
 * What must be known for a step. Making what is there already is refused, so what a step makes is not looked for: but no
 * secret is made for a place where somebody else's Secret is, which no cache shows.
 */
const neededFor = (step: Effect, { ledger, credential }: RobotSecrets): Known => {
	if (step.do === "place" && credential === undefined) return "cached";
	return step.do === "mint" && step.why === "First" && ledger === undefined ? "credential" : "all";
};

const isEnough = (known: Known, needed: Known): boolean => known === "all" || needed === "cached" || known === needed;

/** Whether the cache is known to be older than what this process wrote. */
const isBehind = ({ ledgerVersions }: CredentialDeps, { robot }: CredentialOrder, cached: RobotSecrets): boolean =>
	ledgerVersions.has(robot.uid) && ledgerVersions.get(robot.uid) !== versionOf(cached);

const versionOf = ({ ledger }: RobotSecrets): string | undefined => ledger?.metadata.resourceVersion;

/** What the Secret holds, if that is what was put there. */
const heldOf = (
	{ verifierOf }: CredentialDeps,
	{ robot: { uid } }: CredentialOrder,
	{ seen, ledger }: { readonly seen: RobotSecrets; readonly ledger: Ledger | undefined },
): string | undefined => {
	const secret = readCredential(seen.credential);
	const isOurs = secret !== undefined && (secret === ledger?.next || verifierOf(uid, secret) === ledger?.current);
	return isOurs ? secret : undefined;
};

const endOf = (step: Step): SettledCredential["at"] | undefined => {
	switch (step.do) {
		case "nothing":
			return "done";
		case "wait":
		case "conflict":
			return step.do;
		default:
			return undefined;
	}
};

const isEffect = (step: Step): step is Effect => endOf(step) === undefined;

const factsOf = (
	deps: CredentialDeps,
	order: CredentialOrder,
	{ seen, ledger, standing }: { seen: RobotSecrets; ledger: Ledger | undefined; standing: Standing | undefined },
): CredentialFacts => ({
	now: deps.now(),
	ledger,
	present: presentOf(order, seen.credential),
	strays: seen.strays.map((one) => ({ name: one.metadata.name, secret: readCredential(one) })),
	inForce: standing?.ready === true,
	knownRotation: order.knownRotation,
	intervalMs: order.intervalMs,
	graceMs: order.graceMs,
	force: order.force,
	verifierOf: (secret) => deps.verifierOf(order.robot.uid, secret),
});

const presentOf = (order: CredentialOrder, credential: KubeObject | undefined): PresentSecret => {
	const ownership = ownershipOf(credential, { label: OWNER_LABEL, uid: order.robot.uid });
	if (credential === undefined || ownership !== "ours") return { is: credential === undefined ? "absent" : "foreign" };
	const secret = readCredential(credential);
	const wanted = credentialSecret({ ...order, secret: secret ?? "" }, placeOf(order));
	return { is: "ours", secret, fits: hasTypeOf(credential, wanted), asWanted: isAsWanted(credential, wanted) };
};
