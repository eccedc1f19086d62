import { type Applied, type Control, type DesiredResource, MAX_CHANGE_BYTES } from "./control.ts";

/** More than everything of a page but its resources weighs. */
const ENVELOPE_BYTES = 4 * 1024;

/**
 * Hands over the whole wanted state, in as few pages as carry it; whatever else there was is deleted. An empty state is
 * a state as well. Refused as soon as a page is.
 *
 * @param state `snapshot` tells this hand-over from all others, of whatever caller
 * @throws ControlError INVALID when one resource alone weighs more than a page may
 */
export const resyncAll = async (
	control: Pick<Control, "resync">,
	state: { readonly epoch: number; readonly snapshot: string; readonly resources: readonly DesiredResource[] },
	signal: AbortSignal,
): Promise<Applied> => {
	const { epoch, snapshot } = state;
	const pages = pagesOf(state.resources);
	for (const resources of pages.slice(0, -1)) {
		const applied = await control.resync({ epoch, snapshot, resources, last: false }, signal);
		if ("refused" in applied) return applied;
	}
	return await control.resync({ epoch, snapshot, resources: pages.at(-1) ?? [], last: true }, signal);
};

const pagesOf = (resources: readonly DesiredResource[]): readonly (readonly DesiredResource[])[] => {
	const pages: DesiredResource[][] = [];
	let room = 0;
	for (const resource of resources) {
		const bytes = Buffer.byteLength(JSON.stringify(resource)) + 1;
		const page = pages.at(-1);
		if (page !== undefined && bytes <= room) {
			page.push(resource);
			room -= bytes;
		} else {
			pages.push([resource]);
			room = MAX_CHANGE_BYTES - ENVELOPE_BYTES - bytes;
		}
	}
	return pages;
};
