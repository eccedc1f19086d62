// `docker compose` for a project, with runc in place of Docker's daemon.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type RunningContainer, startContainer } from "./container.ts";
import { imageOf } from "./images.ts";
import type { ComposeProject, ComposeService } from "./model.ts";
import { type Attachment, ComposeNetworks } from "./network.ts";

/** How long a service may take to become what others wait for, milliseconds; the machine may be busy. */
const PATIENCE_MS = 180_000;
const LOOK_MS = 1_000;
/** Before a process is started again, as Docker waits. */
const PAUSE_MS = 100;

/** One container of a service, which is there again when its process ends, as its restart policy says. */
interface Place {
	container: RunningContainer;
	readonly network: Attachment;
	isWanted: boolean;
	/** What its processes wrote that ended. */
	before: string;
}

/** A project that runs. */
export class RunningProject implements AsyncDisposable {
	readonly #project: ComposeProject;
	readonly #folder: string;
	readonly #places = new Map<string, Place[]>();
	readonly #ports: Server[] = [];
	#networks: ComposeNetworks | undefined;
	#count = 0;

	/** @param folder of the project's volumes, and of all else that containers have; the volumes stay when it is down */
	constructor(project: ComposeProject, folder: string) {
		this.#project = project;
		this.#folder = folder;
	}

	/** Starts every service when those that it depends on are as it asks. @throws Error with what a service wrote */
	async up(): Promise<void> {
		this.#networks ??= await ComposeNetworks.open(Object.keys(this.#project.networks));
		const left = new Set(Object.keys(this.#project.services));
		while (left.size > 0) {
			const next = [...left].filter((name) => Object.keys(this.#service(name).depends_on).every((on) => !left.has(on)));
			if (next.length === 0) throw new Error(`services wait for each other: ${[...left].join(", ")}`);
			await Promise.all(next.map((name) => this.#start(name)));
			for (const name of next) left.delete(name);
		}
		await Promise.all(Object.keys(this.#project.services).map((name) => this.#publish(name)));
		await Promise.all(Object.keys(this.#project.services).map((name) => this.untilHealthy(name)));
	}

	/** Tells every process to end, in the order opposite to that of the start, and takes the containers away. */
	async down(): Promise<void> {
		for (const port of this.#ports.splice(0)) port.close();
		for (const name of [...this.#places.keys()].toReversed()) {
			for (const place of this.#places.get(name) ?? []) await this.#end(name, place);
		}
		this.#places.clear();
		await this.#networks?.[Symbol.asyncDispose]();
		this.#networks = undefined;
	}

	/**
	 * Brings a service to so many containers, as `up --scale` does: those that run stay, new ones are started and waited for,
	 * and the newest end where there are too many.
	 */
	async scale(name: string, count: number): Promise<void> {
		const places = this.#placesOf(name);
		while (places.length > count) await this.stop(name, places.length - 1);
		while (places.length < count) places.push(await this.#add(name));
		await this.untilHealthy(name);
	}

	/** Tells the process of one container to end and takes the container away, as `docker stop` does for good. */
	async stop(name: string, index: number): Promise<void> {
		const [place] = this.#placesOf(name).splice(index, 1);
		if (place === undefined) throw new Error(`${name} has no container ${index}`);
		await this.#end(name, place);
	}

	/** Runs a command in a new container of a service, which goes with it, as `run --rm` does. */
	async run(name: string, ...command: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
		const service = this.#service(name);
		await using network = await this.#attach(name);
		const container = await this.#run(name, network, { ...service, command: [...command] });
		const code = await container.ended;
		return { code, output: container.output() };
	}

	/** How many containers of a service there are. */
	count(name: string): number {
		return this.#places.get(name)?.length ?? 0;
	}

	/** Kills the process of one container; it is started again at once where its service says so. */
	async kill(service: string, index = 0): Promise<void> {
		const container = this.#placesOf(service)[index]?.container;
		if (container === undefined) throw new Error(`${service} has no container ${index}`);
		await container.signal("SIGKILL");
		await container.ended;
	}

	/** Runs a command in the first container of a service. @returns its exit code */
	async exec(service: string, ...command: readonly string[]): Promise<number> {
		const place = this.#places.get(service)?.[0];
		if (place === undefined) throw new Error(`${service} does not run`);
		return await place.container.exec(...command);
	}

	/** Waits until the health check of every container of a service is content, or, for one that ends, until it has. */
	async untilHealthy(name: string): Promise<void> {
		const { healthcheck, restart } = this.#service(name);
		for (const place of this.#places.get(name) ?? []) {
			const deadline = performance.now() + PATIENCE_MS;
			if (restart === "no") {
				const code = await place.container.ended;
				if (code !== 0) throw new Error(`${name} ended with ${code}:\n${place.container.output()}`);
				continue;
			}
			const [kind, ...test] = healthcheck?.test ?? ["NONE"];
			while (kind === "CMD" && (await place.container.exec(...test)) !== 0) {
				if (performance.now() > deadline) throw new Error(`${name} is not healthy:\n${this.#output(place)}`);
				await sleep(LOOK_MS);
			}
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const place of [...this.#places.values()].flat()) {
			place.isWanted = false;
			await place.container.signal("SIGKILL");
		}
		await this.down();
	}

	#output(place: Place): string {
		return (place.before + place.container.output()).slice(-4_000);
	}

	#placesOf(name: string): Place[] {
		const places = this.#places.get(name);
		if (places === undefined) throw new Error(`${name} does not run`);
		return places;
	}

	#service(name: string): ComposeService {
		const service = this.#project.services[name];
		if (service === undefined) throw new Error(`there is no service ${name}`);
		return service;
	}

	async #start(name: string): Promise<void> {
		const service = this.#service(name);
		for (const [on, { condition }] of Object.entries(service.depends_on)) {
			if (condition !== "service_started") await this.untilHealthy(on);
		}
		const places: Place[] = [];
		this.#places.set(name, places);
		for (let i = 0; i < service.deploy.replicas; i++) places.push(await this.#add(name));
	}

	async #add(name: string): Promise<Place> {
		const network = await this.#attach(name);
		const place = { container: await this.#run(name, network), network, isWanted: true, before: "" };
		if (this.#service(name).restart !== "no") void this.#keep(name, place);
		return place;
	}

	async #end(name: string, place: Place): Promise<void> {
		place.isWanted = false;
		await place.container.signal(this.#service(name).stop_signal);
		await place.container.ended;
		await place.network[Symbol.asyncDispose]();
	}

	async #attach(name: string): Promise<Attachment> {
		const network = await this.#networks?.attach(name, Object.keys(this.#service(name).networks));
		if (network === undefined) throw new Error("there is no network: the project is not up");
		return network;
	}

	async #keep(name: string, place: Place): Promise<void> {
		for (;;) {
			await place.container.ended;
			if (!place.isWanted) return;
			place.before = this.#output(place);
			await sleep(PAUSE_MS);
			if (!place.isWanted) return;
			place.container = await this.#run(name, place.network);
		}
	}

	async #run(name: string, network: Attachment, service = this.#service(name)): Promise<RunningContainer> {
		const folder = mkdtempSync(join(this.#folder, `${name}-`));
		const volumes = service.volumes.map(({ source, target }) => {
			const path = join(this.#folder, "volumes", source);
			mkdirSync(path, { recursive: true });
			return [target, path] as const;
		});
		const files = (["configs", "secrets"] as const).flatMap((kind) =>
			service[kind].map(({ source, target }) => [target, this.#project[kind][source]?.file ?? ""] as const),
		);
		return await startContainer({
			id: `limani-${name}-${this.#count++}-${randomBytes(4).toString("hex")}`,
			service,
			image: imageOf(service.image),
			network,
			folder,
			files: Object.fromEntries(files),
			volumes: Object.fromEntries(volumes),
		});
	}

	async #publish(name: string): Promise<void> {
		for (const { host_ip: host = "0.0.0.0", published, target } of this.#service(name).ports) {
			const server = createServer((client) => {
				const place = this.#places.get(name)?.[0];
				const upstream = connect(target, place?.network.address);
				client.on("error", () => upstream.destroy());
				upstream.on("error", () => client.destroy());
				client.pipe(upstream).pipe(client);
			});
			server.listen(Number(published), host);
			await once(server, "listening");
			this.#ports.push(server);
		}
	}
}
