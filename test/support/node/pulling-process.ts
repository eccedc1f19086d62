// Pulls an image again and again, each time as a client does that was never there before: `pulling-process.ts ORIGIN
// REPOSITORY TAG AUTHORIZATION`. Writes a line for each pull, `ok` or what failed, until its standard input ends.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import { z } from "zod";

const [origin = "", repository = "", tag = "", authorization = ""] = process.argv.slice(2);
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** What a client waits for, milliseconds. */
const PATIENCE_MS = 30_000;
const descriptor = z.object({ digest: z.string() });
const manifestSchema = z.object({ config: descriptor, layers: z.array(descriptor) });
const tokenSchema = z.object({ token: z.string() });

interface Got {
	readonly status: number;
	readonly challenge: string;
	readonly body: Buffer;
}

/** One pull, over connections of its own. @throws Error with what failed */
const pull = async (): Promise<void> => {
	const agent = new Agent({ connections: 1 });
	try {
		await pullOver(agent);
	} finally {
		await agent.destroy();
	}
};

const pullOver = async (agent: Agent): Promise<void> => {
	const get = async (url: string, headers: Readonly<Record<string, string>>, expected = 200): Promise<Got> => {
		const signal = AbortSignal.timeout(PATIENCE_MS);
		const answer = await request(url, { dispatcher: agent, headers, signal });
		const body = Buffer.from(await answer.body.arrayBuffer());
		if (answer.statusCode !== expected) throw new Error(`${url}: ${answer.statusCode} ${body}`);
		return { status: answer.statusCode, challenge: String(answer.headers["www-authenticate"] ?? ""), body };
	};
	const base = `${origin}/v2/${repository}`;
	const { challenge } = await get(`${base}/manifests/${tag}`, {}, 401);
	const [realm, service] = ["realm", "service"].map((word) => new RegExp(`${word}="([^"]*)"`).exec(challenge)?.[1]);
	const query = new URLSearchParams({ service: service ?? "", scope: `repository:${repository}:pull` });
	const { token } = tokenSchema.parse(JSON.parse(String((await get(`${realm}?${query}`, { authorization })).body)));
	const bearer = { authorization: `Bearer ${token}` };
	const manifest = await get(`${base}/manifests/${tag}`, { ...bearer, accept: MANIFEST });
	const { config, layers } = manifestSchema.parse(JSON.parse(String(manifest.body)));
	for (const { digest } of [config, ...layers]) {
		const { body } = await get(`${base}/blobs/${digest}`, bearer);
		const has = `sha256:${createHash("sha256").update(body).digest("hex")}`;
		if (has !== digest) throw new Error(`${digest} came as ${has}`);
	}
};

let isOver = false;
process.stdin.on("end", () => {
	isOver = true;
});
process.stdin.resume();
while (!isOver) {
	const startedAt = Date.now();
	const said = await pull().then(
		() => "ok",
		(error: unknown) => {
			const { message, cause } = error instanceof Error ? error : new Error(String(error));
			return `${new Date(startedAt).toISOString()} ${Date.now() - startedAt} ms: ${message} ${cause ?? ""}`;
		},
	);
	console.log(said.replaceAll("\n", " "));
	// Two cores are everybody's.
	await sleep(100);
}
