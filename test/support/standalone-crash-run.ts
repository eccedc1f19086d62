// Robots are made and rotated and images pushed while standalone mode is killed again and again.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type MadeLayout, makeLayout } from "./oci-layout.ts";
import { outputOf } from "./run-program.ts";
import { type Random, randomBelow } from "./seeded-random.ts";
import { credentialFile, pull, push } from "./standalone-images.ts";
import type { StandaloneProcess } from "./standalone-process.ts";

/** What was acknowledged to clients. */
interface Acknowledged {
	readonly robots: Set<string>;
	/** References of images. */
	readonly images: Set<string>;
}

/** What a run came to. */
export interface StandaloneCrashFigures {
	readonly kills: number;
	readonly robots: number;
	readonly rotations: number;
	readonly images: number;
}

/** A Secret as far as it must stay the same. */
type SecretFacts = Readonly<Record<string, unknown>>;

const secretList = z.object({
	items: z.array(
		z.looseObject({
			metadata: z.looseObject({
				name: z.string(),
				resourceVersion: z.string(),
				labels: z.record(z.string(), z.string()).default({}),
			}),
			data: z.record(z.string(), z.string()).default({}),
		}),
	),
});

/** How long after its work was begun the process is killed at the latest, milliseconds. */
const LONGEST_MS = 2_500;
const ROBOT = "limani.dev/robot-account";

const robotManifest = (name: string): string =>
	`apiVersion: limani.dev/v1alpha1
kind: RobotAccount
metadata:
  name: ${name}
spec:
  registryRef:
    name: default
  permissions:
    - project: team
      actions: [pull]
`;

/** Kills and looks, for so many seconds; standalone mode has the quick start. @throws AssertionError when something is wrong */
export class StandaloneCrashRun {
	readonly #standalone: StandaloneProcess;
	readonly #random: Random;
	readonly #layout: MadeLayout;
	readonly #acknowledged: Acknowledged = { robots: new Set(["ci"]), images: new Set() };
	#kills = 0;
	#rotations = 0;
	#made = 0;

	constructor(standalone: StandaloneProcess, random: Random) {
		this.#standalone = standalone;
		this.#random = random;
		this.#layout = makeLayout(standalone.folder);
	}

	/** @param seconds how long to go on; three kills at least, and until an image and a robot were acknowledged */
	async run(seconds: number): Promise<StandaloneCrashFigures> {
		const end = performance.now() + seconds * 1000;
		const urls = await this.#urls();
		while (performance.now() < end || !this.#hasEnough()) {
			await this.#round();
			assert.equal(await this.#urls(), urls, "addresses stay");
		}
		await this.#checkAll();
		const { robots, images } = this.#acknowledged;
		return { kills: this.#kills, robots: robots.size, rotations: this.#rotations, images: images.size };
	}

	/** Kills it while nothing is under way, and looks whether a single Secret was written. */
	async killAtRest(): Promise<void> {
		await this.#allReady();
		const before = await this.#secrets();
		await this.#standalone.stop("SIGKILL");
		await this.#standalone.start();
		await this.#allReady();
		assert.deepEqual(await this.#secrets(), before);
	}

	/** A slow machine is given longer before each kill, round by round, so that this comes true in the end. */
	#hasEnough(): boolean {
		const { images, robots } = this.#acknowledged;
		return this.#kills >= 3 && images.size > 0 && robots.size > 1;
	}

	async #round(): Promise<void> {
		const before = await this.#secrets();
		const rotated = this.#pickRobot();
		const at = new Date().toISOString();
		const work = [this.#make(), this.#make(), this.#push(), this.#rotate(rotated, at)];
		const longest = this.#kills < 3 || this.#hasEnough() ? LONGEST_MS : LONGEST_MS * this.#kills;
		await sleep(randomBelow(this.#random, longest));
		await this.#standalone.stop("SIGKILL");
		this.#kills += 1;
		const [, , , wasAsked] = await Promise.all(work);
		await this.#standalone.start();
		await this.#allReady();
		await this.#checkUntouched(before, rotated);
		if (wasAsked === true) await this.#checkRotated(before, rotated, at);
	}

	async #make(): Promise<boolean> {
		const name = `robot-${this.#made++}`;
		return await this.#standalone.feed(robotManifest(name), "apply", "-f", "-").then(
			() => this.#acknowledged.robots.add(name).has(name),
			() => false,
		);
	}

	async #push(): Promise<boolean> {
		const reference = `team/app-${this.#kills}:1`;
		const credential = await credentialFile(this.#standalone, "ci").catch(() => undefined);
		if (credential === undefined) return false;
		const { code } = await push(this.#standalone, this.#layout, reference, credential);
		if (code === 0) this.#acknowledged.images.add(reference);
		return code === 0;
	}

	async #rotate(name: string, at: string): Promise<boolean> {
		const annotations = [`limani.dev/requestedAt=${at}`, `limani.dev/forceAt=${at}`];
		const words = ["annotate", "robotaccount", name, "--overwrite", ...annotations];
		const { code } = await this.#standalone.attempt("kubectl", ...words);
		return code === 0;
	}

	#pickRobot(): string {
		const names = [...this.#acknowledged.robots].filter((name) => name !== "ci");
		return names[randomBelow(this.#random, names.length)] ?? "ci";
	}

	/** What nobody asked anything of has the Secrets that it had. */
	async #checkUntouched(before: ReadonlyMap<string, SecretFacts>, rotated: string): Promise<void> {
		const now = await this.#secrets();
		for (const [name, facts] of before) if (facts.robot !== rotated) assert.deepEqual(now.get(name), facts, name);
	}

	async #checkRotated(before: ReadonlyMap<string, SecretFacts>, name: string, at: string): Promise<void> {
		const handled = `--for=jsonpath={.status.lastHandledRequestedAt}=${at}`;
		await this.#standalone.kubectl("wait", handled, "--timeout=60s", `robotaccount/${name}`);
		const secret = (await this.#secrets()).get(name);
		assert.notDeepEqual(secret?.data, before.get(name)?.data, `${name} has another secret`);
		this.#rotations += 1;
	}

	async #checkAll(): Promise<void> {
		const secrets = await this.#secrets();
		const ci = await credentialFile(this.#standalone, "ci");
		for (const reference of this.#acknowledged.images) outputOf(reference, await pull(this.#standalone, reference, ci));
		const [image] = this.#acknowledged.images;
		assert.ok(image !== undefined, "no push was ever acknowledged");
		for (const name of this.#acknowledged.robots) {
			const owned = [...secrets].filter(([, { robot }]) => robot === name).map(([secret]) => secret);
			assert.equal(owned.length, 2, `${name} has its Secret and its ledger, and nothing else: ${owned}`);
			outputOf(name, await pull(this.#standalone, image, await credentialFile(this.#standalone, name)));
		}
	}

	async #allReady(): Promise<void> {
		const kinds = "registry,project,robotaccount";
		await this.#standalone.kubectl("wait", "--for=condition=Ready", "--all", "--timeout=120s", kinds);
	}

	async #urls(): Promise<string> {
		return await this.#standalone.kubectl("get", "registries,projects", "-o", "jsonpath={.items[*].status.url}");
	}

	async #secrets(): Promise<ReadonlyMap<string, SecretFacts>> {
		const { items } = secretList.parse(JSON.parse(await this.#standalone.kubectl("get", "secrets", "-o", "json")));
		return new Map(
			items.map(({ metadata: { name, resourceVersion, labels }, data }) => [
				name,
				{ robot: labels[ROBOT], resourceVersion, data },
			]),
		);
	}
}
