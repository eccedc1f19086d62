// Another image for a Registry that somebody pulls from, and its own one again.
import assert from "node:assert/strict";
import { it } from "node:test";
import { readVersion } from "#/app/read-version.ts";
import { eventually } from "../eventually.ts";
import { SCHEMA } from "../ha/other-release.ts";
import type { BuiltImage } from "../image/built-image.ts";
import { query } from "../postgres.ts";
import { type Acts, HERE, LONG_MS } from "./acts.ts";
import { makeNextImage, NEXT } from "./next-image.ts";
import type { Nodes } from "./nodes.ts";
import type { Puller } from "./puller.ts";

/** What it goes on in. */
export interface OtherImageOpts {
	readonly nodes: Nodes;
	readonly acts: Acts;
	/** Pulls from the Registry all the time. */
	readonly puller: Puller;
	/** What it runs. */
	readonly image: BuiltImage;
	/** A folder for another one. */
	readonly folder: string;
	/** URL of its database, as it is outside of the cluster. */
	readonly database: string;
}

/** Tests of the Registry `shared`, which has three replicas. @param given what is there when they run */
export const otherImageSuite = (given: () => OtherImageOpts): void => {
	/** Gives it an image, or its own one, and waits until every replica has it and its status says which release that is. */
	const roll = async ({ acts, puller }: OtherImageOpts, image: string | null, version: string) => {
		await acts.patch("registry", "shared", { spec: { image } });
		await eventually(async () => {
			const replicas = await acts.replicasOf("shared");
			assert.deepEqual(
				replicas.map((pod) => pod.image),
				Array(3).fill(image ?? "localhost/limani:limani"),
			);
			assert.equal(await acts.textAt(".status.version", ...HERE, "registry", "shared"), version);
		}, LONG_MS);
		await acts.rolledOut("deployment/shared-registry");
		await acts.isReady("registry/shared");
		await puller.more(3);
		assert.deepEqual(puller.pulled().failures, []);
	};
	const columns = async ({ nodes }: OtherImageOpts): Promise<string> =>
		await nodes.kubectl("get", "registry", "shared", ...HERE, "--output", "wide", "--no-headers");

	const schema = async ({ database }: OtherImageOpts): Promise<number> => {
		const { rows } = await query(database, "SELECT MAX(number) AS number FROM migrations");
		return Number(rows[0]?.number);
	};

	it("fails no pull when a Registry names the image of the next release, which migrates the metadata, and shows what serves", async () => {
		const { nodes, image, folder } = given();
		await nodes.load(makeNextImage(image, folder));
		await roll(given(), `localhost/limani:${NEXT}`, NEXT);
		assert.match(await columns(given()), new RegExp(` 3 +${NEXT} `));
		assert.equal(await schema(given()), SCHEMA + 1);
	});

	it("fails no pull when it is taken back, and this release serves what the next one migrated", async () => {
		await roll(given(), null, readVersion());
		assert.ok((await columns(given())).includes(` ${readVersion()} `));
		assert.equal(await schema(given()), SCHEMA + 1);
	});
};
