// A class of volumes beside a Registry's own volume, whose bytes are looked for on the disks themselves.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { type Acts, HERE } from "./acts.ts";
import { digestOf } from "./image-layout.ts";
import { REGISTRY_WITH_CLASS } from "./manifests.ts";
import type { Nodes } from "./nodes.ts";
import type { RunnableImage } from "./runnable-image.ts";

const HOST = "tenants-registry.team-a.svc";

/** What it goes on in. */
export interface ClassVolumeOpts {
	readonly nodes: Nodes;
	readonly acts: Acts;
	/** One for the class, and one for the Registry's own volume. */
	readonly images: { readonly apart: RunnableImage; readonly usual: RunnableImage };
}

/** @param given what is there when they run: a ServiceAccount `app` too */
export const classVolumeSuite = (given: () => ClassVolumeOpts): void => {
	/** Digests of the objects that are on the volume that a claim is bound to. */
	const objectsOf = async ({ nodes, acts }: ClassVolumeOpts, claim: string): Promise<ReadonlySet<string>> => {
		const volume = await acts.textAt(".spec.volumeName", ...HERE, "pvc", claim);
		const folder = join(nodes.folder, "volumes", volume);
		const files = globSync("**/data/[0-9a-f][0-9a-f]/*", { cwd: folder });
		return new Set(files.map((file) => digestOf(readFileSync(join(folder, file)))));
	};

	it("keeps what a Project of a class of volumes has on that volume, and all else on the Registry's own", async () => {
		const { nodes, acts, images } = given();
		nodes.trust(HOST);
		await nodes.apply(REGISTRY_WITH_CLASS);
		await acts.isReady("registry/tenants", "project/vault", "project/usual", "robotaccount/keeper");
		const { file } = await acts.credentialOf("keeper");
		const to = ["--dest-tls-verify=false", `--dest-authfile=${file}`];
		await acts.skopeo(...to, `oci:${images.apart.folder}:app`, `docker://${HOST}/vault/app:1`);
		await acts.skopeo(...to, `oci:${images.usual.folder}:app`, `docker://${HOST}/usual/app:1`);
		const [apart, own] = [
			await objectsOf(given(), "tenants-class-apart"),
			await objectsOf(given(), "data-tenants-registry-0"),
		];
		assert.deepEqual(
			[images.apart, images.usual].map(({ layer }) => [apart.has(layer), own.has(layer)]),
			[
				[true, false],
				[false, true],
			],
		);
	});

	it("has both volumes again in the next pod, from which a kubelet pulls", async () => {
		const { nodes, acts, images } = given();
		await nodes.kubectl("delete", "pod", "tenants-registry-0", ...HERE);
		await acts.rolledOut("statefulset/tenants-registry");
		for (const [project, { greeting }] of Object.entries({ vault: images.apart, usual: images.usual })) {
			assert.equal(await acts.runIn(`of-${project}`, `${HOST}/${project}/app:1`, "app", "node2"), `${greeting}\n`);
		}
	});
};
