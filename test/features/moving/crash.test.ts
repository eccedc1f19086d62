import assert from "node:assert/strict";
import { test } from "node:test";
import { Mover } from "#/features/moving/index.ts";
import { systemClock } from "#/lib/clock.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import { digestOf } from "#/oci/digest.ts";
import { idSource } from "#/registry/new-id.ts";
import { eventually } from "../../support/eventually.ts";
import { forever, openRegistryHarness, pullBlob, pushBlob } from "../../support/registry.ts";

/** How long a dead mover's lease lasts, milliseconds. */
const LEASE_MS = 100;

/** A life that ends at its `end`th call: neither that one nor any later one does anything, or its answer is lost. */
class Life {
	calls = 0;
	readonly #end: number;
	readonly #isDone: boolean;

	/** @param isDone whether the last call still comes to pass, without its answer */
	constructor(end: number, isDone: boolean) {
		this.#end = end;
		this.#isDone = isDone;
	}

	get isOver(): boolean {
		return this.calls >= this.#end;
	}

	/** The same object, whose calls end with this life. */
	of<T extends object>(object: T): T {
		return new Proxy(object, {
			get: (target, property) => {
				const member: unknown = Reflect.get(target, property, target);
				if (typeof member !== "function") return member;
				return async (...input: unknown[]) => {
					this.calls += 1;
					if (this.calls > this.#end || (this.calls === this.#end && !this.#isDone)) throw new Error("dead");
					const answer: unknown = await Reflect.apply(member, target, input);
					if (this.isOver) throw new Error("dead");
					return answer;
				};
			},
		});
	}
}

for (const isDone of [false, true]) {
	test(`a mover that dies at any instant ${isDone ? "after" : "before"} a step is succeeded by another, and nothing is lost`, async () => {
		await using harness = await openRegistryHarness();
		const { metadata, stores } = harness;
		const instance = harness.instance();
		const contents = ["one", "two", "three"].map((text) => text.repeat(100));
		for (const content of contents) await pushBlob(instance, "p/a", content);
		await pushBlob(instance, "p/b", contents[0] ?? "");
		const moverIn = (life: Life, holder: string): Mover => {
			const own: Pick<Metadata, "moves" | "outbox" | "objects"> = {
				moves: life.of(metadata.moves),
				outbox: metadata.outbox,
				objects: metadata.objects,
			};
			const way = new Map([...stores].map(([name, store]) => [name, life.of(store)]));
			const deps = {
				metadata: own,
				stores: way,
				holder,
				newId: idSource(),
				clock: systemClock,
				report: () => undefined,
			};
			return new Mover(deps, { leaseMs: LEASE_MS });
		};
		let isWhole = false;
		let deaths = 0;
		for (let end = 1; !isWhole; end++) {
			const to = end % 2 === 1 ? "other" : "default";
			const { epoch, base } = await metadata.controlState.begin("test");
			const upserts = [{ kind: "Project", uid: "uid-p", generation: end, spec: { name: "p", store: to } }] as const;
			await metadata.controlState.apply({ epoch, base, upserts, deletes: [] });
			const life = new Life(end, isDone);
			const dying = moverIn(life, `dead-${end}`);
			// The one before has the project for a moment yet.
			await eventually(async () => {
				await dying.round(forever).catch(() => undefined);
				assert.ok(life.isOver || (await metadata.moves.list({ after: 0, limit: 1 })).length === 0);
			});
			isWhole = !life.isOver;
			if (!isWhole) deaths += 1;
			for (const content of contents) {
				assert.equal((await pullBlob(instance, "p/a", digestOf(Buffer.from(content)))).toString(), content);
			}
			const successor = moverIn(new Life(Number.POSITIVE_INFINITY, false), `next-${end}`);
			await eventually(async () => {
				await successor.round(forever);
				assert.deepEqual(await metadata.moves.list({ after: 0, limit: 1 }), []);
			});
			for (const name of ["p/a", "p/b"]) assert.equal((await metadata.repositories.find(name))?.store, to);
			// So that each life has bytes to copy; the pins of the dead hold that up for as long as they last.
			await eventually(async () => {
				await metadata.collection.collectBlobs({ touchedBefore: Date.now() + 3_600_000, limit: 100 });
				const left = await metadata.objects.list(to === "other" ? "default" : "other", { limit: 1_000 });
				assert.deepEqual(
					left.filter(({ state, digest }) => state === "live" && digest !== undefined),
					[],
				);
			});
		}
		assert.ok(deaths > 10, `${deaths} deaths`);
		for (const { project, usage } of await metadata.usages.recount()) {
			assert.deepEqual(await metadata.usages.find(project), usage, project);
		}
		await harness.assertSound();
	});
}
