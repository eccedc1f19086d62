import { compileWildcard } from "#/lib/wildcard.ts";
import type { RobotTrust } from "#/metadata/identities.ts";
import type { Workload } from "./workload.ts";

/** The first of a robot's trusts that a workload satisfies; undefined when it satisfies none. Pure. */
export const findTrust = (trust: readonly RobotTrust[], workload: Workload): RobotTrust | undefined =>
	trust.find(
		({ issuer, audience, subject, claims }) =>
			issuer === workload.issuer &&
			(audience === undefined || workload.audiences.includes(audience)) &&
			compileWildcard(subject)(workload.subject) &&
			claims.every(({ name, value }) => says(workload.claims, name, compileWildcard(value))),
	);

/** Of a claim with several values one is enough; one that is an object says nothing. */
const says = (claims: Workload["claims"], name: string, matches: (text: string) => boolean): boolean => {
	const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
	return (Array.isArray(value) ? value : [value]).some((one: unknown) => isPlain(one) && matches(String(one)));
};

const isPlain = (value: unknown): value is string | number | boolean =>
	typeof value === "string" || typeof value === "number" || typeof value === "boolean";
