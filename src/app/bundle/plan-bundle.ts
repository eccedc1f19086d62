import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formatCrd } from "#/api/crd/format-crd.ts";
import { toCrd } from "#/api/crd/to-crd.ts";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { once } from "#/lib/once.ts";
import { hexOf } from "#/oci/digest.ts";
import { BundleError } from "./bundle-error.ts";
import { formatSums, SUMS_FILE } from "./checksums.ts";
import { formatGuide } from "./guide.ts";
import type { ImageParts, ImageSource } from "./image-source.ts";
import { layoutPath, REF_NAME } from "./layout-image.ts";
import { verified } from "./verified.ts";
import type { FileToPack } from "./write-tar.ts";

/** What a bundle is made of. */
export interface BundleParts {
	/** The release. */
	readonly version: string;
	readonly source: ImageSource;
	readonly image: ImageParts;
	/** The folder with the charts. */
	readonly charts: string;
}

interface SummedFile extends FileToPack {
	readonly sha256: string;
}

const CHARTS = ["limani", "limani-crds"];

/** The files of a bundle, the same for the same parts: the checksums first, then what people read, then the image. */
export const planBundle = ({ version, source, image, charts }: BundleParts): readonly FileToPack[] => {
	const files = [
		textFile("README.md", formatGuide({ version, digest: source.root })),
		...chartFiles(charts),
		...ALL_KINDS.map((kind) => textFile(`crds/${kind.plural}.yaml`, formatCrd(toCrd(kind)))),
		...imageFiles(version, source, image),
	];
	return [textFile(SUMS_FILE, formatSums(files)), ...files];
};

const textFile = (path: string, content: string | Uint8Array): SummedFile => {
	const bytes = Buffer.from(content);
	const sha256 = createHash("sha256").update(bytes).digest("hex");
	return { path, size: bytes.length, sha256, open: () => once(bytes) };
};

const chartFiles = (folder: string): readonly SummedFile[] =>
	CHARTS.flatMap((chart) => {
		try {
			return readdirSync(join(folder, chart), { recursive: true, withFileTypes: true })
				.filter((entry) => entry.isFile())
				.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
				.toSorted()
				.map((path) => textFile(`charts/${path}`, readFileSync(join(folder, path))));
		} catch (cause) {
			const why = cause instanceof Error ? cause.message : String(cause);
			throw new BundleError(`there is no chart ${chart} in ${folder}: ${why}`, { cause });
		}
	});

const imageFiles = (version: string, source: ImageSource, { manifests, blobs }: ImageParts): readonly SummedFile[] => {
	const root = manifests.at(-1);
	const entry = {
		mediaType: root?.mediaType,
		digest: root?.digest,
		size: root?.payload.byteLength,
		annotations: { [REF_NAME]: version },
	};
	return [
		textFile("image/oci-layout", JSON.stringify({ imageLayoutVersion: "1.0.0" })),
		textFile("image/index.json", JSON.stringify({ schemaVersion: 2, manifests: [entry] })),
		...manifests.map(({ digest, payload }) => textFile(`image/${layoutPath(digest)}`, payload)),
		...blobs
			.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
			.map(({ digest, size }) => ({
				path: `image/${layoutPath(digest)}`,
				size,
				sha256: hexOf(digest),
				open: (signal: AbortSignal) => verified(digest, source.blob(digest, 0, signal)),
			})),
	];
};
