import { instantMs } from "#/api/fields/instants.ts";
import { type RobotAccount, robotFullName } from "#/api/kinds/robot-account.ts";
import type { Wish } from "#/operator/plane/plane-link.ts";
import type { RobotGrant } from "#/operator/tenancy/permit.ts";
import type { Ledger } from "./ledger.ts";
import type { PermittedTrust } from "./permit-trust.ts";

/** What a robot is to be at the data plane. */
export interface RobotTerms {
	readonly robot: RobotAccount;
	readonly grants: readonly RobotGrant[];
	/** Whose tokens stand for a credential. */
	readonly trust: PermittedTrust["trust"];
	/** Absent when none of its credentials is known. */
	readonly ledger: Ledger | undefined;
	/** Whether the robot may be used at all. */
	readonly enabled: boolean;
	readonly expired: boolean;
	readonly verifierOf: (secret: string) => string;
}

/**
 * The robot as it crosses Control, without any secret. It follows from what is kept, never from the time, so that the
 * same robot is the same after a restart.
 */
export const robotWish = (terms: RobotTerms): Wish => {
	const { robot, grants, trust, ledger, enabled, expired, verifierOf } = terms;
	const { expirationTime } = robot.spec;
	return {
		kind: "RobotAccount",
		uid: robot.metadata.uid,
		spec: {
			name: robotFullName(robot.metadata),
			verifiers: ledger === undefined || expired ? [] : verifiersOf(ledger, verifierOf),
			...(expirationTime === undefined ? {} : { expiresAt: Math.max(0, instantMs(expirationTime)) }),
			disabled: !enabled,
			permissions: enabled ? grants : [],
			// Said where there is any: a data plane of an older release knows nothing of it.
			...(enabled && trust.length > 0 ? { trust } : {}),
		},
	};
};

const verifiersOf = ({ current, next, previous }: Ledger, verifierOf: (secret: string) => string) => {
	const present = [current, next === undefined ? undefined : verifierOf(next)].filter((one) => one !== undefined);
	return [
		...[...new Set(present)].map((hash) => ({ hash })),
		...previous.filter(({ hash }) => !present.includes(hash)),
	];
};
