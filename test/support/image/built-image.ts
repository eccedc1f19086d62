// The image that the Dockerfile makes, built here and opened.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);
const builder = join(import.meta.dirname, "..", "..", "..", ".ci", "parts", "image-build");

const descriptor = z.object({ digest: z.templateLiteral(["sha256:", z.string()]), size: z.number() });
const manifestSchema = z.object({ config: descriptor, layers: z.array(descriptor) });
const configSchema = z.object({
	created: z.string(),
	config: z.object({
		User: z.string(),
		Env: z.array(z.string()),
		Entrypoint: z.array(z.string()),
		Cmd: z.array(z.string()),
		ExposedPorts: z.record(z.string(), z.unknown()),
		Volumes: z.record(z.string(), z.unknown()),
		Labels: z.record(z.string(), z.string()),
	}),
});

/** The image in the OCI image layout. */
export interface BuiltImage {
	/** Folder of the layout, where it is called `limani`. */
	readonly folder: string;
	/** Digest of its manifest. */
	readonly digest: string;
	/** How it says that it runs. */
	readonly config: z.infer<typeof configSchema>["config"];
	/** RFC 3339. */
	readonly created: string;
	/** The manifest and all that it names. */
	readonly digests: readonly string[];
	/** Packed layers, the lowest first. */
	readonly layers: readonly { readonly path: string; readonly size: number }[];
}

/** Builds the image on the base images of `.ci/parts/image`. @param under an existing folder */
export const buildImage = async (under: string): Promise<BuiltImage> => {
	const folder = join(under, "image");
	const { stdout } = await run(builder, [folder], { maxBuffer: 16 * 1024 * 1024 });
	const digest = stdout.trim();
	const pathOf = (of: string) => join(folder, "blobs", "sha256", of.replace("sha256:", ""));
	const read = (of: string): unknown => JSON.parse(readFileSync(pathOf(of), "utf8"));
	const manifest = manifestSchema.parse(read(digest));
	const { config, created } = configSchema.parse(read(manifest.config.digest));
	return {
		folder,
		digest,
		config,
		created,
		digests: [digest, manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)],
		layers: manifest.layers.map((layer) => ({ path: pathOf(layer.digest), size: layer.size })),
	};
};
