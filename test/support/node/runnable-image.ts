// An image that a pod can run, small and like no other.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { writeLayout } from "./image-layout.ts";

const parts = process.env.LIMANI_PARTS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "limani-parts");

/** What was made. */
export interface RunnableImage {
	/** Folder in the OCI image layout, where it is called `app`. */
	readonly folder: string;
	/** What it leaves as its last word, which is in the status of its pod. */
	readonly greeting: string;
	/** Digest of its layer, which no other image has. */
	readonly layer: string;
}

/** Makes an image that says something new and ends. @param under an existing folder */
export const makeRunnableImage = (under: string): RunnableImage => {
	const greeting = `hello ${randomBytes(8).toString("hex")}`;
	const folder = join(under, `app-${randomBytes(4).toString("hex")}`);
	const root = join(folder, "root");
	mkdirSync(join(root, "bin"), { recursive: true });
	copyFileSync(join(parts, "debs", "busybox", "bin", "busybox"), join(root, "bin", "busybox"));
	writeFileSync(join(root, "greeting"), `${greeting}\n`);
	const archive = join(folder, "layer.tar");
	execFileSync("tar", ["--create", "--directory", root, "--owner", "0", "--group", "0", "--file", archive, "."]);
	const layout = writeLayout(folder);
	const { descriptor, diffId } = layout.putLayer(readFileSync(archive));
	const config = {
		architecture: process.arch === "arm64" ? "arm64" : "amd64",
		os: "linux",
		config: { User: "65532:65532", Cmd: ["/bin/busybox", "cp", "/greeting", "/dev/termination-log"] },
		rootfs: { type: "layers", diff_ids: [diffId] },
	};
	layout.putImage("app", { layers: [descriptor], config });
	return { folder, greeting, layer: descriptor.digest };
};
