import type { RegistryStatus } from "#/api/kinds/registry.ts";
import type { Control } from "#/control/control.ts";

/** Projects that are asked for at once. */
const PAGE = 500;

/** What a registry holds: the sum over its projects. The cost grows with their number. @throws ControlError */
export const readUsage = async (
	control: Pick<Control, "usage">,
	signal: AbortSignal,
): Promise<NonNullable<RegistryStatus["usage"]>> => {
	const total = { logicalBytes: 0, projects: 0, repositories: 0, artifacts: 0 };
	let after: string | undefined;
	do {
		const page = await control.usage({ limit: PAGE, ...(after === undefined ? {} : { after }) }, signal);
		for (const { blobBytes, manifestBytes, manifests, repositories } of page.projects) {
			total.logicalBytes += blobBytes + manifestBytes;
			total.projects += 1;
			total.repositories += repositories;
			total.artifacts += manifests;
		}
		after = page.more ? page.projects.at(-1)?.name : undefined;
	} while (after !== undefined);
	return total;
};
