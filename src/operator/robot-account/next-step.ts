import type { Ledger } from "./ledger.ts";

/** The Secret that the robot's owner reads, as it was found. */
export type PresentSecret =
	| { readonly is: "absent" }
	/** Somebody else's: it is left alone. */
	| { readonly is: "foreign" }
	| {
			readonly is: "ours";
			/** The robot's secret in it; absent when somebody made it something else. */
			readonly secret: string | undefined;
			/** Whether it has the type that is asked for. */
			readonly fits: boolean;
			/** Whether everything else in it is as it should be. */
			readonly asWanted: boolean;
	  };

/** All that {@link nextStep} looks at. */
export interface CredentialFacts {
	/** Milliseconds since the epoch. */
	readonly now: number;
	readonly ledger: Ledger | undefined;
	readonly present: PresentSecret;
	/** Secrets of ours that are not, or no longer, where they should be. */
	readonly strays: readonly { readonly name: string; readonly secret: string | undefined }[];
	/** Whether the data plane accepts all that the ledger names. */
	readonly inForce: boolean;
	/** When a credential was last introduced, as far as the status knows, milliseconds since the epoch. */
	readonly knownRotation: number | undefined;
	/** How old a credential gets, milliseconds; absent: as old as it likes. */
	readonly intervalMs: number | undefined;
	readonly graceMs: number;
	/** The last request for a rotation, whether or not it was acted upon. */
	readonly force: string | undefined;
	readonly verifierOf: (secret: string) => string;
}

/** Why a new secret is made. */
export type MintReason = "First" | "Due" | "Forced" | "SecretDeleted" | "SecretEdited";

/** The next thing to do: one effect, after which is looked again; or nothing, for a reason. */
export type Step =
	/** Note that there is a new secret, before anything else knows of it. */
	| { readonly do: "mint"; readonly ledger: Ledger; readonly why: MintReason }
	| { readonly do: "record"; readonly ledger: Ledger }
	/** Write the Secret that the robot's owner reads. */
	| { readonly do: "place"; readonly secret: string }
	/** Delete it, so that it can be made anew with another type. */
	| { readonly do: "remove" }
	| { readonly do: "clear"; readonly stray: string }
	/** Until the data plane accepts what is to be handed out. */
	| { readonly do: "wait" }
	| { readonly do: "conflict" }
	| { readonly do: "nothing" };

/** What the data plane keeps of one robot is bounded: beside the current and the next, so many. */
const MAX_PREVIOUS = 6;

/**
 * One step of a robot's life. A new secret is first noted, then accepted by the data plane, then handed out, and only
 * then begins the grace of the one before. Each step can be the last that a process does: the next one finds where it
 * was, hands out no secret that is not accepted, and accepts none that is lost.
 */
export const nextStep = (facts: CredentialFacts): Step => {
	const { ledger, present } = facts;
	if (present.is === "foreign") return { do: "conflict" };
	if (ledger === undefined) return begin(facts);
	return ledger.next === undefined ? keep(facts, ledger) : introduce(facts, ledger, ledger.next);
};

/** Nothing is known: of a new robot, or because the ledger was deleted. Then what was handed out stays good. */
const begin = (facts: CredentialFacts): Step => {
	const { present, strays, knownRotation, now, force, verifierOf } = facts;
	const found = [present.is === "ours" ? present.secret : undefined, ...strays.map(({ secret }) => secret)];
	const known = found.find((secret) => secret !== undefined);
	const ledger: Ledger = { previous: [], ...(force === undefined ? {} : { forced: force }) };
	if (known !== undefined) {
		return { do: "record", ledger: { ...ledger, current: verifierOf(known), rotatedAt: knownRotation ?? now } };
	}
	return { do: "mint", ledger, why: knownRotation === undefined ? "First" : "SecretDeleted" };
};

const introduce = (facts: CredentialFacts, ledger: Ledger, next: string): Step => {
	const { present, inForce } = facts;
	if (!inForce) return { do: "wait" };
	if (present.is === "ours" && !present.fits) return { do: "remove" };
	if (present.is === "ours" && present.secret === next)
		return { do: "record", ledger: introduced(facts, ledger, next) };
	return { do: "place", secret: next };
};

/** The ledger once the next secret is the one that is handed out. */
const introduced = ({ now, graceMs, verifierOf }: CredentialFacts, ledger: Ledger, secret: string): Ledger => {
	const { next: _, current, previous, ...rest } = ledger;
	const hash = verifierOf(secret);
	if (hash === current) return { ...rest, current, previous };
	const former = current === undefined ? previous : [...previous, { hash: current, notAfter: now + graceMs }];
	return { ...rest, current: hash, previous: former.slice(-MAX_PREVIOUS), rotatedAt: now };
};

const keep = (facts: CredentialFacts, ledger: Ledger): Step => {
	const { present, strays, now, verifierOf } = facts;
	const isCurrent = (secret: string | undefined): secret is string =>
		secret !== undefined && verifierOf(secret) === ledger.current;
	const held = present.is === "ours" ? present.secret : undefined;
	if (!isCurrent(held) || present.is !== "ours" || !present.fits) {
		// The same secret, to another place or in another form.
		const moved = [held, ...strays.map(({ secret }) => secret)].find(isCurrent);
		if (moved !== undefined) return { do: "record", ledger: { ...ledger, next: moved } };
		return { do: "mint", ledger, why: present.is === "ours" ? "SecretEdited" : "SecretDeleted" };
	}
	const rotation = dueRotation(facts, ledger);
	if (rotation !== undefined) return rotation;
	const previous = ledger.previous.filter(({ notAfter }) => notAfter > now);
	if (previous.length < ledger.previous.length) return { do: "record", ledger: { ...ledger, previous } };
	if (!present.asWanted) return { do: "place", secret: held };
	const [stray] = strays;
	return stray === undefined ? { do: "nothing" } : { do: "clear", stray: stray.name };
};

const dueRotation = ({ now, intervalMs, force }: CredentialFacts, ledger: Ledger): Step | undefined => {
	if (force !== undefined && force !== ledger.forced) {
		return { do: "mint", ledger: { ...ledger, forced: force }, why: "Forced" };
	}
	const { rotatedAt = now } = ledger;
	const isDue = intervalMs !== undefined && rotatedAt + intervalMs <= now;
	return isDue ? { do: "mint", ledger, why: "Due" } : undefined;
};
