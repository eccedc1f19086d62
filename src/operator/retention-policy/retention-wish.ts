import { durationMs } from "#/api/fields/durations.ts";
import type { RetentionPolicy } from "#/api/kinds/retention-policy.ts";
import type { PolicyProjects } from "#/api/policy-selectors.ts";

type Rule = RetentionPolicy["spec"]["rules"][number];

/** A RetentionPolicy as it crosses Control: see `api/retention-policy-spec.ts`. */
export const toRetentionSpec = (
	{ metadata, spec }: RetentionPolicy,
	projects: PolicyProjects,
): { readonly [member: string]: unknown } => ({
	name: `${metadata.namespace}/${metadata.name}`,
	projects,
	rules: spec.rules.map(toRule),
	protect: spec.protect,
	...(spec.schedule === undefined ? {} : { schedule: spec.schedule }),
	dryRun: spec.dryRun,
	suspend: spec.suspend,
	guard: spec.guard,
});

const toRule = ({ keep, ...rule }: Rule) => {
	const { pushedWithin, pulledWithin, activeWithin, always, ...newest } = keep;
	return {
		...rule,
		keep: {
			...newest,
			...(pushedWithin === undefined ? {} : { pushedWithin: durationMs(pushedWithin) }),
			...(pulledWithin === undefined ? {} : { pulledWithin: durationMs(pulledWithin) }),
			...(activeWithin === undefined ? {} : { activeWithin: durationMs(activeWithin) }),
			...(always === true ? { always } : {}),
		},
	};
};
