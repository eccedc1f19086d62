// Networks as Docker makes them: a bridge for each, an interface for each container in it, and a name server.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { NameServer } from "./name-server.ts";

const execute = promisify(execFile);
const ip = async (...args: readonly string[]): Promise<void> => {
	await execute("ip", args);
};

/** A container's place in the networks. */
export interface Attachment extends AsyncDisposable {
	/** Path of its network namespace. */
	readonly namespace: string;
	/** In the first of its networks. */
	readonly address: string;
	/** Whom it asks for names. */
	readonly nameServer: string;
}

interface Bridge {
	readonly device: string;
	/** The first three numbers of its addresses. */
	readonly prefix: string;
	/** Last number of the address that is given next. */
	next: number;
}

/** The networks of one project. */
export class ComposeNetworks implements AsyncDisposable {
	readonly #id = `${process.pid.toString(36)}${Math.floor(Math.random() * 36)}`;
	readonly #bridges = new Map<string, Bridge>();
	readonly #names = new NameServer();
	readonly #resources = new AsyncDisposableStack();
	#interfaces = 0;

	/** @throws Error where this process may not make networks */
	static async open(names: readonly string[]): Promise<ComposeNetworks> {
		const networks = new ComposeNetworks();
		networks.#resources.use(networks.#names);
		try {
			for (const [i, name] of names.entries()) await networks.#addBridge(name, i);
		} catch (error) {
			await networks[Symbol.asyncDispose]();
			throw error;
		}
		return networks;
	}

	/** Gives a container of a service its interfaces. @param networks names, one at least */
	async attach(service: string, networks: readonly string[]): Promise<Attachment> {
		const bridges = networks.flatMap((name) => this.#bridges.get(name) ?? []);
		const [first] = bridges;
		if (first === undefined) throw new Error(`${service} is in no network`);
		await using opening = new AsyncDisposableStack();
		const namespace = `lc${this.#id}-${this.#interfaces++}`;
		await ip("netns", "add", namespace);
		// Its interfaces go with it.
		opening.defer(() => ip("netns", "del", namespace));
		await ip("-n", namespace, "link", "set", "lo", "up");
		const addresses: string[] = [];
		for (const [i, bridge] of bridges.entries()) {
			const outer = `lcv${this.#id}-${this.#interfaces++}`;
			const address = `${bridge.prefix}.${bridge.next++}`;
			await ip("link", "add", outer, "type", "veth", "peer", "name", `eth${i}`, "netns", namespace);
			await ip("link", "set", outer, "master", bridge.device, "up");
			await ip("-n", namespace, "addr", "add", `${address}/24`, "dev", `eth${i}`);
			await ip("-n", namespace, "link", "set", `eth${i}`, "up");
			addresses.push(address);
		}
		this.#names.add(namespace, { service, addresses });
		opening.defer(async () => this.#names.remove(namespace));
		const resources = opening.move();
		return {
			namespace: `/run/netns/${namespace}`,
			address: addresses[0] ?? "",
			nameServer: `${first.prefix}.1`,
			[Symbol.asyncDispose]: () => resources.disposeAsync(),
		};
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#resources.disposeAsync();
	}

	async #addBridge(name: string, i: number): Promise<void> {
		const device = `lcb${this.#id}${i}`;
		const prefix = `10.214.${Math.floor(Math.random() * 256)}`;
		await ip("link", "add", device, "type", "bridge");
		this.#resources.defer(() => ip("link", "del", device));
		await ip("addr", "add", `${prefix}.1/24`, "dev", device);
		await ip("link", "set", device, "up");
		this.#bridges.set(name, { device, prefix, next: 2 });
		await this.#names.listen(`${prefix}.1`);
	}
}
