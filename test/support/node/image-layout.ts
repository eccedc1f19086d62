// A folder in the OCI image layout, as it is written.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const OCI = "application/vnd.oci.image";

/** Names a blob. */
export interface Descriptor {
	readonly mediaType: string;
	readonly digest: string;
	readonly size: number;
}

/** What an image is made of. */
export interface ImageParts {
	/** Descriptors of the layers, the lowest first. */
	readonly layers: readonly object[];
	readonly config: object;
}

/** A layer in a layout. */
export interface WrittenLayer {
	readonly descriptor: Descriptor;
	/** Of the bytes as they are unpacked. */
	readonly diffId: string;
}

/** Digest of bytes. */
export const digestOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Begins a layout of one image, or adds to what a folder has. */
export const writeLayout = (folder: string) => {
	mkdirSync(join(folder, "blobs", "sha256"), { recursive: true });
	const put = (bytes: Uint8Array, mediaType: string): Descriptor => {
		const digest = digestOf(bytes);
		writeFileSync(join(folder, "blobs", "sha256", digest.replace("sha256:", "")), bytes);
		return { mediaType, digest, size: bytes.length };
	};
	const putJson = (value: object, mediaType: string) => put(Buffer.from(JSON.stringify(value)), mediaType);
	return {
		/** @param archive a tar archive */
		putLayer: (archive: Uint8Array): WrittenLayer => ({
			descriptor: put(gzipSync(archive), `${OCI}.layer.v1.tar+gzip`),
			diffId: digestOf(archive),
		}),
		/** Makes this the image of the layout, under a name. @returns its digest */
		putImage: (name: string, { layers, config }: ImageParts): string => {
			const mediaType = `${OCI}.manifest.v1+json`;
			const parts = { schemaVersion: 2, mediaType, config: putJson(config, `${OCI}.config.v1+json`), layers };
			const manifest = putJson(parts, mediaType);
			const manifests = [{ ...manifest, annotations: { "org.opencontainers.image.ref.name": name } }];
			writeFileSync(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
			writeFileSync(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
			return manifest.digest;
		},
	};
};
