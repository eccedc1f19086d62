import type { RegistryStatus } from "#/api/kinds/registry.ts";
import type { Control } from "#/control/control.ts";
import { roundUsage } from "#/kube/status/round-usage.ts";

/** What a registry's collection did and has to do, rounded as what changes all the time is. @throws ControlError */
export const readCollection = async (
	control: Pick<Control, "totals">,
	signal: AbortSignal,
): Promise<NonNullable<RegistryStatus["collection"]>> => {
	const { reclaimed, waiting } = await control.totals({}, signal);
	return {
		reclaimedObjects: roundUsage(reclaimed.objects),
		reclaimedBytes: roundUsage(reclaimed.bytes),
		...(reclaimed.at === undefined ? {} : { lastReclaimTime: toInstant(reclaimed.at) }),
		reviews: roundUsage(waiting.reviews),
		waitingObjects: roundUsage(waiting.objects),
		waitingBytes: roundUsage(waiting.bytes),
	};
};

/** Without the milliseconds, as times of Kubernetes are. */
const toInstant = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
