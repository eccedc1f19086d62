import { hash, randomBytes } from "node:crypto";

/** Bytes with their digest. */
export interface Stored {
	readonly digest: string;
	readonly bytes: Uint8Array;
}

/** A manifest, and under which tags it stands. */
interface StoredManifest extends Stored {
	readonly mediaType: string;
	readonly tags: readonly string[];
}

/** What is in one repository before anything is measured. */
export interface Content {
	readonly repository: string;
	readonly blobs: readonly Stored[];
	readonly manifests: readonly StoredManifest[];
}

export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const EMPTY = toStored(Buffer.from("{}"));

/** 512 images of blobs of 4 KiB, under the tags v0 … v511; their manifests have about 1.5 KB. */
export function smallContent(): Content {
	const blobs = Array.from({ length: 512 }, () => toStored(randomBytes(4096)));
	const manifests = blobs.map((config, index) => {
		const layers = Array.from({ length: 8 }, (_, layer) => blobs[(index + layer + 1) % blobs.length] ?? config);
		return imageManifest(config, layers, [`v${index}`]);
	});
	return { repository: "team/app", blobs, manifests };
}

/** One blob of 256 MiB. */
export function largeContent(): Content {
	const noise = randomBytes(4 * 1024 * 1024);
	const bytes = Buffer.concat(Array.from({ length: 64 }, () => noise));
	return { repository: "team/large", blobs: [toStored(bytes)], manifests: [] };
}

/** Bytes of an image's layers in the whole-image rows; the config has 2 KiB. */
export const LAYER_BYTES: readonly number[] = [64 * 1024, 256 * 1024, 1024 * 1024, 4 * 1024 * 1024];

/** 16 images of 5.3 MiB, under the tags i0 … i15. */
export function imageContent(): Content {
	const images = Array.from({ length: 16 }, (_, index) => {
		const config = toStored(randomBytes(2048));
		const layers = LAYER_BYTES.map((size) => toStored(randomBytes(size)));
		return { blobs: [config, ...layers], manifest: imageManifest(config, layers, [`i${index}`]) };
	});
	return {
		repository: "team/images",
		blobs: images.flatMap(({ blobs }) => blobs),
		manifests: images.map(({ manifest }) => manifest),
	};
}

/** One manifest under 100,000 tags. */
export function tagContent(): Content {
	const tags = Array.from({ length: 100_000 }, (_, index) => `tag-${index.toString().padStart(6, "0")}`);
	return { repository: "team/tags", blobs: [EMPTY], manifests: [imageManifest(EMPTY, [EMPTY], tags)] };
}

/** How many projects the 100,000 repositories of {@link catalogContent} are in. */
const CATALOG_PROJECTS = 100;

/** Their names. */
export const catalogProjects: readonly string[] = Array.from(
	{ length: CATALOG_PROJECTS },
	(_, index) => `p${index.toString().padStart(2, "0")}`,
);

/** 100,000 repositories with one index each. */
export function catalogContent(): readonly Content[] {
	const index = toManifest(OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }, ["latest"]);
	return Array.from({ length: 100_000 }, (_, number) => ({
		repository: `${catalogProjects[number % CATALOG_PROJECTS]}/app-${number.toString().padStart(6, "0")}`,
		blobs: [],
		manifests: [index],
	}));
}

/** A subject with 10,000 referrers. */
export interface ReferrerContent {
	readonly subject: StoredManifest;
	readonly content: Content;
	/** What a registry without the referrers API has instead: one index of them all under a tag made of the digest. */
	readonly fallback: Content;
}

/** 10,000 signatures of one manifest, as digests of small artifacts. */
export function referrerContent(): ReferrerContent {
	const repository = "team/referrers";
	const artifactType = "application/vnd.example.signature.v1+json";
	const subject = imageManifest(EMPTY, [EMPTY], ["signed"]);
	const to = { mediaType: OCI_MANIFEST, digest: subject.digest, size: subject.bytes.byteLength };
	const referrers = Array.from({ length: 10_000 }, (_, number) =>
		toManifest(OCI_MANIFEST, {
			schemaVersion: 2,
			mediaType: OCI_MANIFEST,
			artifactType,
			config: descriptor(EMPTY, "application/vnd.oci.empty.v1+json"),
			layers: [descriptor(EMPTY, "application/vnd.oci.empty.v1+json")],
			subject: to,
			annotations: { "org.example.number": String(number) },
		}),
	);
	const index = {
		schemaVersion: 2,
		mediaType: OCI_INDEX,
		manifests: referrers.map((referrer, number) => ({
			...descriptor(referrer, OCI_MANIFEST),
			artifactType,
			annotations: { "org.example.number": String(number) },
		})),
	};
	const tag = subject.digest.replace(":", "-");
	return {
		subject,
		content: { repository, blobs: [EMPTY], manifests: [subject, ...referrers] },
		fallback: { repository, blobs: [EMPTY], manifests: [subject, toManifest(OCI_INDEX, index, [tag])] },
	};
}

/** A manifest of an image, as bytes. */
function imageManifest(config: Stored, layers: readonly Stored[], tags: readonly string[]): StoredManifest {
	const document = {
		schemaVersion: 2,
		mediaType: OCI_MANIFEST,
		config: descriptor(config, "application/vnd.oci.image.config.v1+json"),
		layers: layers.map((layer) => descriptor(layer, "application/vnd.oci.image.layer.v1.tar+gzip")),
	};
	return toManifest(OCI_MANIFEST, document, tags);
}

/** Bytes with their digest. */
export function toStored(bytes: Uint8Array): Stored {
	return { bytes, digest: `sha256:${hash("sha256", bytes, "hex")}` };
}

function toManifest(mediaType: string, document: object, tags: readonly string[] = []): StoredManifest {
	return { ...toStored(Buffer.from(JSON.stringify(document))), mediaType, tags };
}

function descriptor({ digest, bytes }: Stored, mediaType: string): object {
	return { mediaType, digest, size: bytes.byteLength };
}
