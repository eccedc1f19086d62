import { z } from "zod";
import type { KubeObject, OwnerReference } from "#/kube/kube-object.ts";
import { entriesOf, entry, ownedLabels, type RobotIdentity } from "./secret-entries.ts";

const verifier = z.string().regex(/^[0-9a-f]{64}$/);

/** What robot secrets look like: 256 random bits as base64url. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;

const record = z.object({
	current: verifier.exactOptional(),
	previous: z.array(z.object({ hash: verifier, notAfter: z.int().min(0) })).default([]),
	rotatedAt: z.int().min(0).exactOptional(),
	forced: z.string().exactOptional(),
});

/**
 * What is known of a robot's credentials beyond the one in its Secret. It is kept in a Secret of its own, so that a
 * control plane that was killed goes on where it was, and a Secret that was deleted leaves its verifier behind. The only
 * plaintext in it is that of a credential on its way.
 */
export interface Ledger {
	/** The secret that is being introduced; absent when none is. */
	readonly next?: string;
	/** Verifier of the secret that the robot's Secret holds. */
	readonly current?: string;
	/** Verifiers of former ones that still work until then, milliseconds since the epoch; the oldest first. */
	readonly previous: readonly { readonly hash: string; readonly notAfter: number }[];
	/** When the current one was introduced, milliseconds since the epoch. */
	readonly rotatedAt?: number;
	/** The request for a rotation that was last acted upon. */
	readonly forced?: string;
}

/** Whether a text can be the secret of a robot: what people put there is not let in. */
export const isRobotSecret = (text: string): boolean => SECRET.test(text);

/** The name of the Secret that keeps the ledger, which says whose it is without anybody's spec. */
export const ledgerName = (uid: string): string => `limani-credential-${uid}`;

/** Reads a ledger; absent when there is none, or it was made unreadable. */
export const readLedger = (secret: KubeObject | undefined): Ledger | undefined => {
	const entries = entriesOf(secret);
	const parsed = record.safeParse(parseJson(entries.ledger));
	if (!parsed.success) return undefined;
	const { next } = entries;
	return next !== undefined && isRobotSecret(next) ? { ...parsed.data, next } : parsed.data;
};

/** The Secret that keeps a ledger. */
export const ledgerSecret = (robot: RobotIdentity, owner: OwnerReference, { next, ...rest }: Ledger): KubeObject => ({
	apiVersion: "v1",
	kind: "Secret",
	metadata: {
		name: ledgerName(robot.uid),
		namespace: robot.namespace,
		labels: ownedLabels(robot),
		ownerReferences: [owner],
	},
	type: "limani.dev/credential-ledger",
	data: { ledger: entry(JSON.stringify(rest)), ...(next === undefined ? {} : { next: entry(next) }) },
});

const parseJson = (text: string | undefined): unknown => {
	try {
		return text === undefined ? undefined : JSON.parse(text);
	} catch {
		return undefined;
	}
};
