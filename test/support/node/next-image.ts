// An image of the release that follows this one.
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { layOutRelease, SCHEMA } from "../ha/other-release.ts";
import type { BuiltImage } from "../image/built-image.ts";
import { writeLayout } from "./image-layout.ts";

/** Its release, as {@link layOutRelease} calls it. */
export const NEXT = "99.0.0";

/** What differs between the two, as {@link layOutRelease} makes it. */
const CHANGED = ["package.json", "src/metadata/sql/schema/migrations.ts"];
/** A column that this release does not know, and can work beside. */
const EXPANSION = ["ALTER TABLE repositories ADD COLUMN noted BIGINT"];

const manifestSchema = z.object({ config: z.object({ digest: z.string() }), layers: z.array(z.looseObject({})) });
const configSchema = z.looseObject({
	rootfs: z.object({ type: z.string(), diff_ids: z.array(z.string()) }),
	history: z.array(z.looseObject({})),
});

/**
 * Makes it of this release's image and one layer more. It migrates the metadata once
 * more, in a way that this release can work beside.
 *
 * @param under an existing folder
 * @returns a folder in the OCI image layout, where it is called {@link NEXT}
 */
export const makeNextImage = (image: BuiltImage, under: string): string => {
	const release = join(under, "next-release");
	layOutRelease(release, { oldestReader: SCHEMA, statements: EXPANSION });
	const owner = ["--owner", "0", "--group", "0", "--mode", "a+rX", "--transform", "s,^,app/,"];
	const archive = execFileSync("tar", ["--create", "--directory", release, ...owner, ...CHANGED], {
		maxBuffer: 16 * 1024 * 1024,
	});
	const folder = join(under, "next-image");
	cpSync(image.folder, folder, { recursive: true });
	const read = (digest: string): unknown =>
		JSON.parse(readFileSync(join(folder, "blobs", "sha256", digest.replace("sha256:", "")), "utf8"));
	const manifest = manifestSchema.parse(read(image.digest));
	const config = configSchema.parse(read(manifest.config.digest));
	const layout = writeLayout(folder);
	const { descriptor, diffId } = layout.putLayer(archive);
	layout.putImage(NEXT, {
		layers: [...manifest.layers, descriptor],
		config: {
			...config,
			rootfs: { ...config.rootfs, diff_ids: [...config.rootfs.diff_ids, diffId] },
			history: [...config.history, { created_by: "the next release" }],
		},
	});
	return folder;
};
