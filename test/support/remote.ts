import type { RemoteSpec } from "#/api/replication-policy-spec.ts";
import { Egress } from "#/client/egress.ts";
import { openRemoteRegistry, type RemoteRegistryOpts } from "#/client/open-remote-registry.ts";
import type { RemoteRegistry } from "#/client/remote-registry.ts";
import { type ClientTiming, systemTiming } from "#/client/timing.ts";
import { parseNetwork } from "#/lib/address-set.ts";
import type { StandIn } from "./stand-in.ts";

/** Loopback may be connected to. */
export const loopback = new Egress([parseNetwork("127.0.0.0/8") ?? []].flat());

/** The machine's time, in which nobody waits; what was asked to be waited is kept. */
export const impatient = (waited: number[] = []): ClientTiming => ({
	...systemTiming,
	sleep: async (ms, signal) => {
		signal.throwIfAborted();
		waited.push(ms);
	},
});

/** Another registry that a stand-in is. */
export const openStandInRegistry = (
	standIn: StandIn,
	spec: Partial<RemoteSpec> = {},
	opts: RemoteRegistryOpts & { readonly timing?: ClientTiming } = {},
): RemoteRegistry =>
	openRemoteRegistry(
		{ egress: new Egress([]), connect: standIn.connect, timing: opts.timing ?? impatient() },
		{ type: "Generic", url: "https://registry.example.com", ...spec },
		opts,
	);

/** All that comes, in one list. */
export const collect = async <T>(pages: AsyncIterable<readonly T[]> | undefined): Promise<T[] | undefined> =>
	pages === undefined ? undefined : (await Array.fromAsync(pages)).flat();

/** All bytes that come. */
export const bytesOf = async (bytes: AsyncIterable<Uint8Array>): Promise<Buffer> =>
	Buffer.concat(await Array.fromAsync(bytes));
