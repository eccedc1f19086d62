// An image that a pod can run, small and like no other.
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const OCI = "application/vnd.oci.image";
const parts = process.env.LIMANI_PARTS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "limani-parts");

/** What was made. */
export interface RunnableImage {
	/** Folder in the OCI image layout, where it is called `app`. */
	readonly folder: string;
	/** What it prints. */
	readonly greeting: string;
}

/** Makes an image that prints something new and ends. @param under an existing folder */
export const makeRunnableImage = (under: string): RunnableImage => {
	const greeting = `hello ${randomBytes(8).toString("hex")}`;
	const folder = join(under, `app-${randomBytes(4).toString("hex")}`);
	const root = join(folder, "root");
	mkdirSync(join(root, "bin"), { recursive: true });
	copyFileSync(join(parts, "debs", "busybox", "bin", "busybox"), join(root, "bin", "busybox"));
	writeFileSync(join(root, "greeting"), `${greeting}\n`);
	const archive = join(folder, "layer.tar");
	execFileSync("tar", ["--create", "--directory", root, "--owner", "0", "--group", "0", "--file", archive, "."]);
	const layer = readFileSync(archive);
	const put = (bytes: Uint8Array, mediaType: string) => {
		const hex = createHash("sha256").update(bytes).digest("hex");
		mkdirSync(join(folder, "blobs", "sha256"), { recursive: true });
		writeFileSync(join(folder, "blobs", "sha256", hex), bytes);
		return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
	};
	const putJson = (value: object, mediaType: string) => put(Buffer.from(JSON.stringify(value)), mediaType);
	const config = putJson(
		{
			architecture: process.arch === "arm64" ? "arm64" : "amd64",
			os: "linux",
			config: { User: "65532:65532", Cmd: ["/bin/busybox", "cat", "/greeting"] },
			rootfs: { type: "layers", diff_ids: [`sha256:${createHash("sha256").update(layer).digest("hex")}`] },
		},
		`${OCI}.config.v1+json`,
	);
	const mediaType = `${OCI}.manifest.v1+json`;
	const layers = [put(gzipSync(layer), `${OCI}.layer.v1.tar+gzip`)];
	const manifest = putJson({ schemaVersion: 2, mediaType, config, layers }, mediaType);
	const index = {
		schemaVersion: 2,
		manifests: [{ ...manifest, annotations: { "org.opencontainers.image.ref.name": "app" } }],
	};
	writeFileSync(join(folder, "index.json"), JSON.stringify(index));
	writeFileSync(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
	return { folder, greeting };
};
