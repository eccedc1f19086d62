// What stands in for the images of examples/compose: the same programs, as they are on this machine.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { findPart } from "../parts.ts";

const root = join(import.meta.dirname, "..", "..", "..");

/** What a container gets of its image. */
export interface ImageStandIn {
	readonly entrypoint: readonly string[];
	readonly user: string | undefined;
	readonly environment: Readonly<Record<string, string>>;
	/** Files and folders of this machine, read-only, by the path they have in the container. */
	readonly contents: Readonly<Record<string, string>>;
	/** Folders that it has for volumes to be put there, with their owner. */
	readonly folders: Readonly<Record<string, string>>;
}

const WORDS = z.array(z.string());

/** The instructions of a Dockerfile that say how a container runs. */
const readDockerfile = (path: string): Pick<ImageStandIn, "entrypoint" | "user" | "environment"> => {
	const text = readFileSync(join(root, path), "utf8").replaceAll("\\\n", "");
	const last = (pattern: RegExp): string | undefined => Array.from(text.matchAll(pattern)).at(-1)?.[1];
	const pairs = Array.from(text.matchAll(/^ENV (.+)$/gm)).flatMap(([, line = ""]) => line.trim().split(/\s+/));
	return {
		entrypoint: WORDS.parse(JSON.parse(last(/^ENTRYPOINT (\[.*\])$/gm) ?? "[]")),
		user: last(/^USER (\S+)$/gm),
		environment: Object.fromEntries(
			pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
		),
	};
};

/** Where a container finds programs that are not where this machine has its own. */
const BIN = "/image/bin";
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const partOf = (name: string): string => {
	const path = findPart(name);
	if (path === undefined) throw new Error(`${name} is not on this machine: see .ci/parts`);
	return path;
};

const limani = (): ImageStandIn => ({
	...readDockerfile("Dockerfile"),
	contents: {
		[`${BIN}/node`]: process.execPath,
		"/app/src": join(root, "src"),
		"/app/package.json": join(root, "package.json"),
		"/app/node_modules": join(root, "node_modules"),
	},
	folders: {},
});

const s3 = (): ImageStandIn => ({
	...readDockerfile("examples/compose/s3/Dockerfile"),
	contents: { [`${BIN}/minio`]: partOf("minio") },
	folders: { "/data": "65532:65532" },
});

const postgres = (): ImageStandIn => ({
	entrypoint: ["sh", "/image/entrypoint.sh"],
	user: undefined,
	environment: { PATH: `${dirname(partOf("postgres"))}:${SYSTEM_PATH}`, PGDATA: "/var/lib/postgresql/data" },
	contents: { "/image/entrypoint.sh": join(import.meta.dirname, "postgres-entrypoint.sh") },
	folders: { "/var/lib/postgresql/data": "999:999" },
});

const haproxy = (): ImageStandIn => ({ entrypoint: [], user: "99:99", environment: {}, contents: {}, folders: {} });

const IMAGES: Readonly<Record<string, () => ImageStandIn>> = { limani, "limani-s3": s3, postgres, haproxy };

/** The stand-in for an image. @throws Error where there is none */
export const imageOf = (reference: string): ImageStandIn => {
	const image = IMAGES[reference.replace(/:.*$/, "")]?.();
	if (image === undefined) throw new Error(`nothing stands in for the image ${reference}`);
	// What Docker sets where an image says nothing else.
	return { ...image, environment: { PATH: `${BIN}:${SYSTEM_PATH}`, HOME: "/", ...image.environment } };
};
