import { digestOf } from "#/oci/digest.ts";
import { OCI_MANIFEST } from "#/oci/media-types.ts";
import { bodyOf } from "./bodies.ts";
import type { KnownUpload, PowerCutPushes } from "./power-cut-pushes.ts";
import { forever, type Instance, imageOf, pushBlob, startUpload } from "./registry.ts";
import { pick, type Random, randomBelow, randomBytes } from "./seeded-random.ts";

const REPOSITORIES = ["p/one", "p/two", "q/three"] as const;

/** Pushes, and pushes again, whatever comes to mind, and writes down what was answered. */
export const pushAtRandom = async (instance: Instance, pushes: PowerCutPushes, random: Random): Promise<void> => {
	for (let step = 0; step < 12; step++) {
		const repository = pick(random, REPOSITORIES);
		const choice = random();
		if (choice < 0.3) await pushWhole(instance, pushes, repository, contentOf(pushes, random));
		else if (choice < 0.65) await pushInChunks(instance, pushes, repository, random);
		else if (choice < 0.75) await mount(instance, pushes, repository, random);
		else if (choice < 0.9) await pushManifest(instance, pushes, repository, random);
		else await breakOff(instance, repository, random);
	}
};

const textOf = (random: Random): string => randomBytes(random, randomBelow(random, 1500)).toString("hex");

/** Something new, or something that the registry has already. */
const contentOf = (pushes: PowerCutPushes, random: Random): string => {
	const known = pushes.blobs();
	const chosen = random() < 0.3 ? known[randomBelow(random, known.length)] : undefined;
	return chosen?.content ?? textOf(random);
};

const pushWhole = async (
	instance: Instance,
	pushes: PowerCutPushes,
	repository: string,
	content: string,
): Promise<void> => {
	await pushBlob(instance, repository, content);
	pushes.answerBlob(repository, content);
};

const pushInChunks = async (
	instance: Instance,
	pushes: PowerCutPushes,
	repository: string,
	random: Random,
): Promise<void> => {
	const id = await startUpload(instance, repository);
	const known: KnownUpload = { id, repository, sent: "", acknowledged: 0, ending: "no", finishes: 0 };
	pushes.uploads.add(known);
	const chunks = randomBelow(random, 4);
	for (let chunk = 0; chunk < chunks; chunk++) await pushes.append(instance, known, textOf(random));
	const end = random();
	if (end < 0.5) await pushes.finish(instance, known, random() < 0.5 ? "" : textOf(random));
	else if (end < 0.65) await pushes.cancel(instance, known);
};

const mount = async (
	{ registry }: Instance,
	pushes: PowerCutPushes,
	repository: string,
	random: Random,
): Promise<void> => {
	const known = pushes.blobs();
	const source = known[randomBelow(random, known.length)];
	if (source === undefined) return;
	const digest = digestOf(Buffer.from(source.content));
	const request = { repository, actor: "user:test", mount: { digest, candidates: [source.repository] } };
	const outcome = await registry.uploads.start(request, bodyOf(), forever);
	if (outcome.kind === "blob") pushes.answerBlob(repository, source.content);
};

const pushManifest = async (
	instance: Instance,
	pushes: PowerCutPushes,
	repository: string,
	random: Random,
): Promise<void> => {
	const contents = [`config ${textOf(random)}`, contentOf(pushes, random)] as const;
	for (const content of contents) await pushWhole(instance, pushes, repository, content);
	const reference = { kind: "tag", tag: `v${randomBelow(random, 5)}` } as const;
	const { digest } = await instance.registry.manifests.put(
		{ repository, reference, tags: [], contentType: OCI_MANIFEST, condition: undefined, actor: "user:test" },
		bodyOf(imageOf(...contents)),
		forever,
	);
	pushes.answerManifest(repository, digest);
};

/** A push whose bytes are not what was announced: nothing of it may stay. */
const breakOff = async ({ registry }: Instance, repository: string, random: Random): Promise<void> => {
	const request = { repository, actor: "user:test", digest: digestOf(Buffer.from("something else")) };
	const refused = await registry.uploads.start(request, bodyOf(`not ${textOf(random)}`), forever).then(
		() => false,
		() => true,
	);
	if (!refused) throw new Error("bytes were taken for others");
};
