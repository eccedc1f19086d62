// Small images in the OCI image layout, made here, so that clients have something real to copy.
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const OCI = "application/vnd.oci.image";

/** What was made. */
export interface MadeLayout {
	/** Folder of the layout. */
	readonly folder: string;
	/** Digest of the image of each architecture. */
	readonly images: Readonly<Record<string, string>>;
	/** Digest of the index that names both. */
	readonly index: string;
}

interface Descriptor {
	readonly mediaType: string;
	readonly digest: string;
	readonly size: number;
	readonly platform?: { readonly os: string; readonly architecture: string };
	readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Makes an image of two layers for amd64 and for arm64, and an index of both. The layout's own names are `amd64`,
 * `arm64` and `all`.
 *
 * @param under an existing folder
 */
export const makeLayout = (under: string): MadeLayout => {
	const folder = mkdtempSync(join(under, "layout-"));
	mkdirSync(join(folder, "blobs", "sha256"), { recursive: true });
	const put = (bytes: Uint8Array, mediaType: string): Descriptor => {
		const hex = createHash("sha256").update(bytes).digest("hex");
		writeFileSync(join(folder, "blobs", "sha256", hex), bytes);
		return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
	};
	const putJson = (value: object, mediaType: string): Descriptor => put(Buffer.from(JSON.stringify(value)), mediaType);
	const shared = makeLayer(under);
	const images = ["amd64", "arm64"].map((architecture) => {
		const layers = [shared, makeLayer(under)];
		const config = {
			architecture,
			os: "linux",
			config: { Cmd: ["/hello"] },
			rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
			history: layers.map(() => ({ created_by: "a test" })),
		};
		const manifest = putJson(
			{
				schemaVersion: 2,
				mediaType: `${OCI}.manifest.v1+json`,
				config: putJson(config, `${OCI}.config.v1+json`),
				layers: layers.map(({ bytes }) => put(bytes, `${OCI}.layer.v1.tar+gzip`)),
			},
			`${OCI}.manifest.v1+json`,
		);
		return { ...manifest, platform: { os: "linux", architecture } };
	});
	const index = putJson(
		{ schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests: images },
		`${OCI}.index.v1+json`,
	);
	const named = [...images.map((image) => [image, image.platform.architecture] as const), [index, "all"] as const];
	const manifests = named.map(([descriptor, name]) => ({
		...descriptor,
		annotations: { "org.opencontainers.image.ref.name": name },
	}));
	writeFileSync(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
	writeFileSync(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
	return {
		folder,
		images: Object.fromEntries(images.map(({ digest, platform }) => [platform.architecture, digest])),
		index: index.digest,
	};
};

const makeLayer = (under: string): { readonly bytes: Uint8Array; readonly diffId: string } => {
	const folder = mkdtempSync(join(under, "layer-"));
	writeFileSync(join(folder, "hello"), "#!/bin/sh\necho hello\n", { mode: 0o755 });
	writeFileSync(join(folder, `data-${randomBytes(4).toString("hex")}`), randomBytes(300_000));
	const tar = execFileSync("tar", ["-C", folder, "-c", "."], { maxBuffer: 64 * 1024 * 1024 });
	return { bytes: gzipSync(tar), diffId: `sha256:${createHash("sha256").update(tar).digest("hex")}` };
};
