// What lies between a replica and the rest: a network of its own where the machine allows that, else proxies.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isRequired } from "../parts.ts";
import { SilentProxy } from "../silent-proxy.ts";

/** The way of one replica to its database, its store and its clients. */
export interface ReplicaNetwork extends AsyncDisposable {
	/** Whether it is a network namespace of the kernel, with packets that are dropped; else a proxy that falls silent. */
	readonly isNamespace: boolean;
	/** The address that the replica listens on. */
	readonly host: string;
	/** Put before the program, so that it runs there. */
	readonly wrapper: readonly string[];
	/** Where the replica finds its database, `host:port`. */
	readonly database: string;
	/** Where it finds its store, `host:port`. */
	readonly store: string;
	/** From now on nothing comes or goes between the replica and its database, and nothing is told of that. */
	cutDatabase(): Promise<void>;
	/** All comes and goes again. */
	heal(): Promise<void>;
}

const execute = promisify(execFile);

const run = async (...command: readonly [string, ...string[]]): Promise<void> => {
	const [program, ...args] = command;
	await execute(program, args);
};

/** Where the database and the store are, on loopback. */
interface ReplicaPorts {
	readonly database: number;
	readonly store: number;
}

/**
 * Opens a network for a replica.
 *
 * @throws Error under `LIMANI_REQUIRE=1` where this process may make no network namespace
 */
export const openReplicaNetwork = async (ports: ReplicaPorts): Promise<ReplicaNetwork> =>
	(await openNamespace(ports)) ?? (await openProxied(ports));

/** All on loopback, with a proxy before the database. */
export const openProxied = async ({ database, store }: ReplicaPorts): Promise<ReplicaNetwork> => {
	const proxy = await SilentProxy.open(database);
	return {
		isNamespace: false,
		host: "127.0.0.1",
		wrapper: [],
		database: `127.0.0.1:${proxy.port}`,
		store: `127.0.0.1:${store}`,
		cutDatabase: async () => proxy.fallSilent(),
		heal: async () => proxy.speak(),
		[Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
	};
};

/** All on loopback with nothing between: nobody can be cut off. */
export const openDirect = async ({ database, store }: ReplicaPorts): Promise<ReplicaNetwork> => {
	const never = () => Promise.reject(new Error("nothing is between the replica and its database"));
	return {
		isNamespace: false,
		host: "127.0.0.1",
		wrapper: [],
		database: `127.0.0.1:${database}`,
		store: `127.0.0.1:${store}`,
		cutDatabase: never,
		heal: never,
		[Symbol.asyncDispose]: async () => {},
	};
};

/** A suite that was asked for by name fails rather than cut nothing but proxies off. */
const noNamespace = (cause: unknown): undefined => {
	if (!isRequired()) return undefined;
	throw new Error("a network namespace with iptables in it cannot be made here: it takes root, ip and iptables", {
		cause,
	});
};

let count = 0;

/** Undefined where this process may not make one. */
const openNamespace = async (ports: ReplicaPorts): Promise<ReplicaNetwork | undefined> => {
	const id = `${process.pid.toString(36)}${count++}`;
	const [name, outer, inner] = [`lha-${id}`, `lho${id}`, `lhi${id}`];
	try {
		await run("ip", "netns", "add", name);
	} catch (error) {
		return noNamespace(error);
	}
	await using opening = new AsyncDisposableStack();
	opening.defer(() => run("ip", "netns", "del", name));
	const subnet = `10.213.${Math.floor(Math.random() * 250)}.${4 * Math.floor(Math.random() * 63)}`;
	const address = (last: number): string => subnet.replace(/\d+$/, (base) => String(Number(base) + last));
	const within = ["ip", "netns", "exec", name] as const;
	try {
		await run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name);
		await run("ip", "addr", "add", `${address(1)}/30`, "dev", outer);
		await run("ip", "link", "set", outer, "up");
		await run("ip", "-n", name, "addr", "add", `${address(2)}/30`, "dev", inner);
		await run("ip", "-n", name, "link", "set", inner, "up");
		await run("ip", "-n", name, "link", "set", "lo", "up");
		await run(...within, "iptables", "-L", "-n");
	} catch (error) {
		return noNamespace(error);
	}
	const database = opening.use(await SilentProxy.open(ports.database, address(1)));
	const store = opening.use(await SilentProxy.open(ports.store, address(1)));
	const drop = (chain: string, side: string): Promise<void> =>
		run(...within, "iptables", "-A", chain, "-p", "tcp", side, String(database.port), "-j", "DROP");
	const resources = opening.move();
	return {
		isNamespace: true,
		host: address(2),
		wrapper: within,
		database: `${address(1)}:${database.port}`,
		store: `${address(1)}:${store.port}`,
		cutDatabase: async () => {
			await drop("OUTPUT", "--dport");
			await drop("INPUT", "--sport");
		},
		heal: () => run(...within, "iptables", "-F"),
		[Symbol.asyncDispose]: () => resources.disposeAsync(),
	};
};
