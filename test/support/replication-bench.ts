// Registries in processes of their own, policies handed over to them as an operator does it, and what became of both.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ReplicationReport, replicationReport } from "#/api/replication-report.ts";
import { hashPassword } from "#/auth/passwords.ts";
import { Egress } from "#/client/egress.ts";
import { openRemoteRegistry } from "#/client/open-remote-registry.ts";
import type { RemoteManifest, RemoteRegistry } from "#/client/remote-registry.ts";
import type { DesiredResource } from "#/control/control.ts";
import { observeAll } from "#/control/observe-all.ts";
import { RemoteControl } from "#/control/remote-control.ts";
import { parseNetwork } from "#/lib/address-set.ts";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from "#/oci/media-types.ts";
import { bodyOf } from "./bodies.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-ports.ts";
import { ADMIN, type LimaniProcess, startLimani } from "./limani-process.ts";

const TOKEN = "a-token-of-the-operator-of-this-registry";

/** A signal that nothing aborts. */
const { signal: never } = new AbortController();

/** What a replication policy says, beside what every one of these tests says. */
export type PolicyFields = { readonly [field: string]: unknown };

/** What a run came to, as the command tells it. */
export type RunFigures = Readonly<Record<string, number | string | boolean>>;

/** A registry whose projects are `team` and `other`, driven by its control port. */
export class ReplicatingLimani implements AsyncDisposable {
	limani: LimaniProcess;
	readonly #dataDir: string;
	readonly #controlPort: number;
	readonly #port: number;
	#generation = 1;

	constructor(limani: LimaniProcess, ports: { readonly port: number; readonly controlPort: number }) {
		this.limani = limani;
		this.#dataDir = limani.dataDir;
		this.#port = ports.port;
		this.#controlPort = ports.controlPort;
	}

	get url(): string {
		return this.limani.url;
	}

	/** Who reads and writes here as another registry's policy would. */
	get remote(): PolicyFields {
		return { url: this.url, credentials: { username: ADMIN.user, password: ADMIN.password } };
	}

	/** Hands resources over. */
	async apply(upserts: readonly DesiredResource[], deletes: readonly string[] = []): Promise<void> {
		using control = this.#control();
		const { epoch, base } = await control.begin({ holder: "test" }, never);
		const outcome = await control.apply({ epoch, base, upserts, deletes }, never);
		assert.ok("base" in outcome, JSON.stringify(outcome));
		const changes = await Array.fromAsync(observeAll(control, 0, never));
		const refused = upserts.flatMap(({ uid }) => changes.filter((each) => each.uid === uid && !each.ready));
		assert.deepEqual(refused, []);
	}

	/** Hands a policy over, in place of the one of this uid. */
	async applyPolicy(uid: string, fields: PolicyFields): Promise<void> {
		const spec = { name: `team/${uid}`, projects: { names: { matching: ["**"] } }, ...fields };
		await this.apply([{ kind: "ReplicationPolicy", uid, generation: this.#generation++, spec }]);
	}

	/** Runs a policy now and waits for what it comes to. */
	async run(uid: string): Promise<RunFigures> {
		using control = this.#control();
		const { epoch } = await control.begin({ holder: "test" }, never);
		const outcome = await control.run({ epoch, feature: "replication", id: uid }, never);
		assert.ok("ran" in outcome, JSON.stringify(outcome));
		return outcome.ran;
	}

	/** Runs a policy and expects that all went well. */
	async agree(uid: string): Promise<RunFigures> {
		const ran = await this.run(uid);
		assert.equal(ran.outcome, "Succeeded", String(ran.message));
		return ran;
	}

	/** What is said of a policy last. */
	async report(uid: string): Promise<ReplicationReport | undefined> {
		using control = this.#control();
		const found = (await Array.fromAsync(observeAll(control, 0, never))).findLast((each) => each.uid === uid);
		return found?.report === undefined ? undefined : replicationReport.parse(found.report);
	}

	/** Kills it, as the power going does to a process. */
	async kill(): Promise<void> {
		await this.limani.stop("SIGKILL");
	}

	/** Starts it again where it was. */
	async restart(): Promise<void> {
		this.limani = await start(this.#dataDir, this.#port, this.#controlPort);
	}

	#control(): RemoteControl {
		return new RemoteControl({ url: `http://127.0.0.1:${this.#controlPort}`, token: TOKEN });
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.limani[Symbol.asyncDispose]();
		rmSync(this.#dataDir, { recursive: true, force: true });
	}
}

/** Starts a registry with the projects `team` and `other`, both public, and the administrator. */
export const startReplicatingLimani = async (): Promise<ReplicatingLimani> => {
	const dataDir = mkdtempSync(join(tmpdir(), "limani-replicating-"));
	const [port, controlPort] = [await freePort(), await freePort()];
	await using opening = new AsyncDisposableStack();
	const place = opening.use(new ReplicatingLimani(await start(dataDir, port, controlPort), { port, controlPort }));
	const project = (name: string): DesiredResource => ({
		kind: "Project",
		uid: `uid-${name}`,
		generation: 1,
		spec: { name, owner: `test/${name}`, visibility: "Public" },
	});
	const passwordHash = await hashPassword(ADMIN.password);
	const spec = { name: ADMIN.user, passwordHash, admin: true };
	await place.apply([project("team"), project("other"), { kind: "User", uid: "uid-admin", generation: 1, spec }]);
	opening.move();
	return place;
};

const start = async (dataDir: string, port: number, controlPort: number): Promise<LimaniProcess> => {
	const tokenFile = join(dataDir, "control.token");
	writeFileSync(tokenFile, TOKEN);
	return await startLimani({
		dataDir,
		port,
		config: {
			resources: undefined,
			control: { listen: `127.0.0.1:${controlPort}`, tokenFile },
			egress: { allow: ["127.0.0.0/8"] },
		},
	});
};

/** A way to a registry of these tests. */
export const openRemote = (url: string): RemoteRegistry =>
	openRemoteRegistry(
		{ egress: new Egress([parseNetwork("127.0.0.0/8") ?? []].flat()) },
		{ type: "Generic", url, credentials: { username: ADMIN.user, password: ADMIN.password } },
	);

/** An image of a few bytes, and what it says. */
export interface SmallImage extends RemoteManifest {
	readonly blobs: readonly Uint8Array[];
}

/** Makes an image whose layers have these contents. */
export const makeImage = (
	layers: readonly (string | Uint8Array)[],
	more: { readonly subject?: Digest; readonly artifactType?: string } = {},
): SmallImage => {
	const config = Buffer.from(JSON.stringify({ os: "linux", architecture: "amd64" }));
	const blobs = [config, ...layers.map((layer) => Buffer.from(layer))];
	const [first, ...rest] = blobs.map((blob, i) => ({
		mediaType: i === 0 ? OCI_CONFIG : OCI_LAYER,
		digest: digestOf(blob),
		size: blob.length,
	}));
	const { subject, artifactType } = more;
	const payload = Buffer.from(
		JSON.stringify({
			schemaVersion: 2,
			mediaType: OCI_MANIFEST,
			...(artifactType === undefined ? {} : { artifactType }),
			config: first,
			layers: rest,
			...(subject === undefined ? {} : { subject: { mediaType: OCI_MANIFEST, digest: subject, size: 100 } }),
		}),
	);
	return { digest: digestOf(payload), mediaType: OCI_MANIFEST, payload, blobs };
};

/** Pushes an image, under a tag or without one. */
export const pushTo = async (
	remote: RemoteRegistry,
	repository: string,
	tag: string | undefined,
	image: SmallImage,
): Promise<Digest> => {
	for (const blob of image.blobs) {
		const read = async (offset: number) => bodyOf(blob.subarray(offset));
		await remote.putBlob(repository, { digest: digestOf(blob), size: blob.length, read }, never);
	}
	await remote.putManifest(repository, tag ?? image.digest, image, never);
	return image.digest;
};

/** What every tag of a registry names, as `repository:tag`; tags that list referrers are none. */
export const tagsOf = async (remote: RemoteRegistry): Promise<Record<string, Digest>> => {
	const found: Record<string, Digest> = {};
	for await (const page of remote.repositories(never)) {
		for (const repository of page) {
			for await (const tags of (await remote.tags(repository, never)) ?? []) {
				for (const tag of tags) {
					const digest = await remote.head(repository, tag, never);
					if (digest !== undefined && !/^sha256-[0-9a-f]{64}$/.test(tag)) found[`${repository}:${tag}`] = digest;
				}
			}
		}
	}
	return found;
};

/** Waits until a registry has just these tags. */
export const eventuallyHas = async (remote: RemoteRegistry, wanted: Readonly<Record<string, Digest>>): Promise<void> =>
	eventually(async () => assert.deepEqual(await tagsOf(remote), wanted));
