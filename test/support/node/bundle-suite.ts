// Limani from a bundle alone: the guide in it is followed, with the registry that docs/air-gapped.md begins with.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { guideStep } from "../bundle-guide.ts";
import { eventually } from "../eventually.ts";
import type { BuiltImage } from "../image/built-image.ts";
import { ADMIN, startLimani } from "../limani-process.ts";
import { findPart } from "../parts.ts";
import { outputOf, runProgram } from "../run-program.ts";
import { type Acts, CLUSTER_VALUES, LONG, LONG_MS } from "./acts.ts";
import { SYSTEM, TENANT } from "./manifests.ts";
import type { Nodes } from "./nodes.ts";

const main = join(import.meta.dirname, "..", "..", "..", "src", "main.ts");
const PULL = "registry-internal";

/** What it goes on in. */
export interface BundleOpts {
	readonly nodes: Nodes;
	readonly acts: Acts;
	/** What is bundled. */
	readonly image: BuiltImage;
	/** The Registries that there are, each with what runs its pods. */
	readonly registries: { readonly [name: string]: "deployment" | "statefulset" };
}

/** @param given what is there when they run: a release of the chart, which goes */
export const bundleSuite = (given: () => BundleOpts): void => {
	it("is installed from a bundle alone, by its guide, and Registries get the image of that digest", async () => {
		const { nodes, acts, image, registries } = given();
		await nodes.helm("uninstall", "limani", "--namespace", SYSTEM, "--wait", LONG);
		await using registry = await startLimani();
		const address = await nodes.leadIn(Number(new URL(registry.url).port));
		nodes.trust(address);
		const unpacked = await bundleIn(nodes.folder, image);
		const guide = readFileSync(join(unpacked, "README.md"), "utf8");
		const repository = `${address}/team/limani`;
		const first = `cd ${unpacked}\nREPOSITORY=${repository}\n`;

		const auth = Buffer.from(`${ADMIN.user}:${ADMIN.password}`).toString("base64");
		const config = join(nodes.folder, "internal.json");
		writeFileSync(config, JSON.stringify({ auths: { [address]: { auth } } }));
		const [copy = ""] = guideStep(guide, 2).split("\n");
		const plain = `skopeo() { command skopeo --insecure-policy "$@" --dest-tls-verify=false --dest-authfile=${config}; }\n`;
		const push = `${first}${plain}${guideStep(guide, 1)}${copy}`;
		outputOf(push, await nodes.attempt("node1", "sh", "-ec", push));

		for (const namespace of [SYSTEM, TENANT]) {
			const file = `--from-file=.dockerconfigjson=${config}`;
			const type = "--type=kubernetes.io/dockerconfigjson";
			await nodes.kubectl("create", "secret", "generic", PULL, "--namespace", namespace, type, file);
		}
		for (const name of Object.keys(registries)) {
			await acts.patch("registry", name, { spec: { imagePullSecrets: [{ name: PULL }] } });
		}
		const values = [...CLUSTER_VALUES, "--set", `image.pullSecrets[0].name=${PULL}`].map((value) => `'${value}'`);
		const here = `helm() { command helm "$@" ${values.join(" ")}; }\n`;
		const install = `${first}${here}${guideStep(guide, 3)}`;
		const env = {
			PATH: [join(findPart("helm") ?? "", ".."), join(findPart("kubectl") ?? "", ".."), process.env.PATH].join(":"),
			HOME: nodes.folder,
			KUBECONFIG: join(nodes.folder, "kubeconfig"),
		};
		outputOf(install, await runProgram("sh", ["-ec", install], { env, cwd: unpacked, timeoutMs: LONG_MS }));

		const wanted = `${repository}@${image.digest}`;
		const images = async () => {
			const pods = await Promise.all([acts.operators(), ...Object.keys(registries).map(acts.replicasOf)]);
			return [...new Set(pods.flat().map((pod) => pod.image))];
		};
		await eventually(async () => assert.deepEqual(await images(), [wanted]), 2 * LONG_MS);
		for (const [name, workload] of Object.entries(registries)) await acts.rolledOut(`${workload}/${name}-registry`);
		await acts.isReady(...Object.keys(registries).map((name) => `registry/${name}`));
	});
};

/** Makes the bundle, and unpacks it. @returns where it is then */
const bundleIn = async (folder: string, image: BuiltImage): Promise<string> => {
	const env = { PATH: process.env.PATH ?? "", HOME: folder };
	const unpacked = join(folder, "bundle");
	mkdirSync(unpacked);
	const archive = join(folder, "limani.tar");
	const make = [main, "bundle", "--image", `oci:${image.folder}:limani`, "--output", archive];
	outputOf("limani bundle", await runProgram(process.execPath, make, { env, cwd: folder }));
	outputOf("tar", await runProgram("tar", ["-xf", archive, "-C", unpacked], { env, cwd: folder }));
	return unpacked;
};
