import type { ReplicationPolicySpec } from "#/api/replication-policy-spec.ts";
import type { ParsedPolicy, PolicyRun } from "#/jobs/policy-feature.ts";
import type { Replicas } from "#/metadata/replicas.ts";
import { watermarkOf } from "./changes.ts";
import { type ReplicationState, readState } from "./replication-state.ts";

const PAGE = 1_000;

/** Which registry is on the other side of a policy, and which way copies go. */
const otherSideOf = ({ direction, remote }: ReplicationPolicySpec): string =>
	`${direction} ${new URL(remote.url).origin}`;

/**
 * What the policy kept that is about its present other side. When that is another than before, or never was, everything
 * remembered of copies is forgotten before the first is made: what it put at one registry is not its own at another, and
 * what one registry never had is not gone from it.
 */
export const settleOtherSide = async (
	run: PolicyRun<ReplicationPolicySpec>,
	replicas: Pick<Replicas, "list" | "forget">,
	signal: AbortSignal,
): Promise<ReplicationState> => {
	const { policy, startedAt } = run;
	const other = otherSideOf(policy.spec);
	const known = readState(run.state);
	if (known?.other === other) return known;
	await forgetAll(policy, replicas, signal);
	const state = { firstRunAt: startedAt, since: watermarkOf(startedAt), other };
	await run.keep({ state });
	return state;
};

const forgetAll = async (
	{ uid }: Pick<ParsedPolicy<ReplicationPolicySpec>, "uid">,
	replicas: Pick<Replicas, "list" | "forget">,
	signal: AbortSignal,
): Promise<void> => {
	for (;;) {
		const page = await replicas.list(uid, { limit: PAGE }, signal);
		if (page.length === 0) return;
		const references = Map.groupBy(page, ({ repository }) => repository);
		for (const [repository, copies] of references) {
			await replicas.forget(
				uid,
				repository,
				copies.map(({ reference }) => reference),
			);
		}
	}
};
