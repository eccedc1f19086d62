import { bytesOf } from "./blob-pusher.ts";
import { pullExactly } from "./image-pusher.ts";
import type { PushedManifest, RepositoryLedger } from "./push-ledger.ts";
import { expectStatus, type RetryingClient, Violation } from "./retrying-client.ts";

/** What was looked at. */
export interface LedgerFigures {
	readonly manifests: number;
	readonly tags: number;
	readonly blobs: number;
}

/**
 * Compares all of a repository with what its client was told: every manifest by digest and by tag, every blob byte for
 * byte, every referrer, and nothing that was deleted.
 *
 * @throws Violation
 */
export const checkLedger = async (client: RetryingClient, ledger: RepositoryLedger): Promise<LedgerFigures> => {
	for (const manifest of ledger.manifests.values()) await checkManifest(client, ledger, manifest);
	for (const { content, isThere } of ledger.blobs.values()) {
		const path = `/v2/${ledger.name}/blobs/${content.digest}`;
		if (await isPresent(client, path, isThere.allows(true), isThere.allows(false)))
			await pullExactly(client, path, bytesOf(content));
	}
	await checkTags(client, ledger);
	return { manifests: ledger.manifests.size, tags: ledger.tags.size, blobs: ledger.blobs.size };
};

const isPresent = async (
	client: RetryingClient,
	path: string,
	mayBe: boolean,
	mayBeGone: boolean,
): Promise<boolean> => {
	const call = { method: "HEAD", path };
	const answer = await client.ask(call);
	expectStatus(call, answer, ...(mayBe ? [200] : []), ...(mayBeGone ? [404] : []));
	return answer.status === 200;
};

const checkManifest = async (
	client: RetryingClient,
	ledger: RepositoryLedger,
	{ digest, bytes, isThere, subject }: PushedManifest,
): Promise<void> => {
	const path = `/v2/${ledger.name}/manifests/${digest}`;
	if (!(await isPresent(client, path, isThere.allows(true), isThere.allows(false)))) return;
	await pullExactly(client, path, bytes);
	if (subject === undefined) return;
	const answer = await client.ask({ method: "GET", path: `/v2/${ledger.name}/referrers/${subject}` });
	if (!answer.body.includes(digest)) throw new Violation(`${digest} is not among the referrers of ${subject}`);
};

const checkTags = async (client: RetryingClient, ledger: RepositoryLedger): Promise<void> => {
	const answer = await client.ask({ method: "GET", path: `/v2/${ledger.name}/tags/list` });
	const listed = answer.status === 404 ? new Set() : new Set(tagsIn(answer.body));
	for (const [tag, register] of ledger.tags) {
		const path = `/v2/${ledger.name}/manifests/${tag}`;
		const { status, headers, body } = await client.ask({ method: "GET", path });
		const found = headers["docker-content-digest"];
		const digest = status === 200 && typeof found === "string" ? found : undefined;
		const isAllowed = [...ledger.manifests.values()].some((manifest) => {
			if (manifest.digest !== digest || !register.allows(manifest.digest)) return false;
			return Buffer.compare(body, manifest.bytes) === 0;
		});
		if (digest === undefined ? !register.allows(undefined) : !isAllowed)
			throw new Violation(`${path}: ${status} ${digest}, acknowledged was ${register.value}`);
		if (listed.delete(tag) !== (digest !== undefined))
			throw new Violation(`${path}: the list of tags does not say the same`);
	}
	if (listed.size > 0) throw new Violation(`${ledger.name}: tags that nobody made: ${[...listed].join(", ")}`);
};

const tagsIn = (body: Buffer): readonly string[] => {
	const document: unknown = JSON.parse(body.toString());
	if (typeof document !== "object" || document === null || !("tags" in document)) return [];
	return Array.isArray(document.tags) ? document.tags.map(String) : [];
};
