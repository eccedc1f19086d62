import type { Policies, Policy } from "#/metadata/policies.ts";

const PAGE = 100;

/**
 * The retention policy that is meant by its uid, or by the `namespace/name` that it has for people; absent when there is
 * none. Uids have no slash.
 */
export const findPolicy = async (
	policies: Pick<Policies, "find" | "list">,
	meant: string,
	signal: AbortSignal,
): Promise<Policy | undefined> => {
	const isUid = !meant.includes("/");
	const found = isUid ? await policies.find(meant, signal) : await findNamed(policies, meant, signal);
	return found?.kind === "RetentionPolicy" ? found : undefined;
};

const findNamed = async (
	policies: Pick<Policies, "list">,
	name: string,
	signal: AbortSignal,
): Promise<Policy | undefined> => {
	let last: string | undefined;
	let page: readonly Policy[];
	do {
		page = await policies.list("RetentionPolicy", { last, limit: PAGE }, signal);
		const found = page.find(({ spec }) => spec.name === name);
		if (found !== undefined) return found;
		last = page.at(-1)?.uid;
	} while (page.length === PAGE);
	return undefined;
};
