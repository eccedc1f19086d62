import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";

/** The kinds of ours that an API server does not serve yet, one sentence each: a definition needs a moment. */
export const unservedKinds = async (client: KubeClient): Promise<readonly string[]> => {
	const unserved: string[] = [];
	for (const kind of ALL_KINDS) {
		try {
			await client.list(kind, { limit: 1 }, AbortSignal.timeout(30_000));
		} catch (error) {
			if (!(error instanceof KubeError) || error.code !== "NOT_FOUND") throw error;
			unserved.push(`${kind.plural} are not served`);
		}
	}
	return unserved;
};
