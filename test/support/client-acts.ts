import { digestOf } from "#/oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "#/oci/media-types.ts";
import { bodyOf, brokenBody } from "./bodies.ts";
import { forever, type Instance, imageOf, pushBlob, pushImage, startUpload } from "./registry.ts";
import { pick, type Random, randomBelow } from "./seeded-random.ts";

/** Does something at random that a client may do, among few names and contents, so that much of it meets. */
export const actAsClient = async (instance: Instance, random: Random): Promise<void> => {
	const { registry } = instance;
	const repository = pick(random, ["p/a", "p/b", "q/a", "o/a", "s/a"]);
	const content = `content ${randomBelow(random, 6)}`;
	const tag = pick(random, ["v1", "v2", "latest"]);
	const image = imageOf(content);
	const digest = digestOf(Buffer.from(image));
	const actor = "user:test";
	const doing: readonly [() => Promise<unknown>, ...(() => Promise<unknown>)[]] = [
		() => pushBlob(instance, repository, content),
		() => pushImage(instance, repository, tag, content),
		() => pushImage(instance, repository, tag, content, `layer ${randomBelow(random, 3)}`),
		() => pushIndex(instance, repository, tag, image),
		() => registry.manifests.remove(repository, { kind: "tag", tag }, undefined, actor, forever),
		() => registry.manifests.remove(repository, { kind: "digest", digest }, undefined, actor, forever),
		() => registry.blobs.remove(repository, digestOf(Buffer.from(content)), actor, forever),
		() => {
			const mount = { digest: digestOf(Buffer.from(content)), candidates: ["p/a", "q/a"] };
			return registry.uploads.start({ repository, actor, mount }, bodyOf(), forever);
		},
		async () => {
			const id = await startUpload(instance, repository);
			await registry.uploads.append({ repository, id }, brokenBody(new Error("reset"), "some"), forever);
		},
	];
	// Much of it is refused, which is as good a history as any.
	await pick(random, doing)().catch((error: unknown) => {
		if (!(error instanceof Error) || error.name !== "OciError") throw error;
	});
};

const pushIndex = ({ registry }: Instance, repository: string, tag: string, child: string): Promise<unknown> => {
	const manifests = [{ mediaType: OCI_MANIFEST, digest: digestOf(Buffer.from(child)), size: child.length }];
	const text = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
	const reference = { kind: "tag", tag } as const;
	const push = { repository, reference, tags: [], contentType: OCI_INDEX, condition: undefined, actor: "user:test" };
	return registry.manifests.put(push, bodyOf(text), forever);
};
