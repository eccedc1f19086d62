import { createReadStream } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "#/app/config/load.ts";
import { writeStdout } from "#/app/logger.ts";
import { readArgs } from "#/app/read-args.ts";
import { readVersion } from "#/app/read-version.ts";
import { BundleError } from "./bundle-error.ts";
import { collectImage, type ImageSource } from "./image-source.ts";
import { openLayoutImage } from "./layout-image.ts";
import { openBundle } from "./open-bundle.ts";
import { openRegistry, type RegistryOptions } from "./open-registry.ts";
import { planBundle } from "./plan-bundle.ts";
import { pushImage } from "./push-image.ts";
import { readPlace } from "./read-place.ts";
import { openRemoteImage } from "./remote-image.ts";
import { writeBundle } from "./write-bundle.ts";

const BUNDLE_HELP = `Usage: limani bundle --image IMAGE --output FILE [OPTIONS]
       limani bundle verify FILE
       limani bundle push FILE HOST/REPOSITORY[:TAG] [OPTIONS]

Makes one file of everything that an installation needs where there is no internet: the image, the charts, the
definitions, checksums and a guide. The same parts give the same bytes. What is opened is compared with its checksums
first, and refused when anything was changed or is missing.

  --image IMAGE         a folder in the OCI image layout, as oci:FOLDER or oci:FOLDER:NAME, or an image in a registry,
                        such as registry.example.org/limani/limani:0.1.0
  --output FILE         where the bundle is written, as a tar archive
  --charts FOLDER       the charts (default: those beside these sources)

Of a registry, to take the image from or to push it to:

  --docker-config FILE  credentials, as docker login writes them, with an entry for the registry
  --ca FILE             certificates to trust beside the system's (PEM)
  --plain-http          without TLS
`;

const CHARTS = join(import.meta.dirname, "..", "..", "..", "charts");
/** How long nothing at all may take, milliseconds: an image is some hundred megabytes. */
const TIMEOUT_MS = 6 * 60 * 60 * 1000;

/** Runs `limani bundle`. @returns the exit code */
export const bundleCommand = async (args: readonly string[]): Promise<number> => {
	const { values, positionals } = parse(args);
	const signal = AbortSignal.timeout(TIMEOUT_MS);
	const [verb, file, to, ...rest] = positionals;
	if (values.help === true) writeStdout(BUNDLE_HELP);
	else if (verb === undefined) await make(values, signal);
	else if (verb === "verify" && file !== undefined && to === undefined) await verify(file, signal);
	else if (verb === "push" && file !== undefined && to !== undefined && rest.length === 0) {
		await push(file, to, { options: values, signal });
	} else throw new ConfigError(`got ${positionals.join(" ")}: see limani bundle --help`);
	return 0;
};

const parse = (args: readonly string[]) =>
	readArgs("limani bundle", {
		args: [...args],
		allowPositionals: true,
		options: {
			image: { type: "string" },
			output: { type: "string" },
			charts: { type: "string" },
			"docker-config": { type: "string" },
			ca: { type: "string" },
			"plain-http": { type: "boolean" },
			help: { type: "boolean", short: "h" },
		},
	});

const make = async (values: ReturnType<typeof parse>["values"], signal: AbortSignal): Promise<void> => {
	const { image, output, charts = CHARTS } = values;
	if (image === undefined || output === undefined) {
		throw new ConfigError("expected --image and --output; see limani bundle --help");
	}
	await using opened = await openImage(image, values, signal);
	const { source } = opened;
	const parts = { version: readVersion(), source, image: await collectImage(source, signal), charts };
	const sha256 = await writeBundle(output, planBundle(parts), signal);
	writeStdout(`${output}: Limani ${parts.version} with the image ${source.root}\nsha256:${sha256}\n`);
};

const openImage = async (
	image: string,
	options: RegistryOptions,
	signal: AbortSignal,
): Promise<AsyncDisposable & { readonly source: ImageSource }> => {
	await using opening = new AsyncDisposableStack();
	let source: ImageSource;
	if (image.startsWith("oci:")) {
		const [, folder = "", name] = image.split(":");
		source = await openLayoutImage((path, offset) => readLayoutFile(join(folder, path), offset), name);
	} else {
		const { host, repository, reference = "latest" } = readPlace(image);
		const registry = opening.use(await openRegistry(host, options));
		source = await openRemoteImage(registry, { repository, reference }, signal);
	}
	const resources = opening.move();
	return { source, [Symbol.asyncDispose]: () => resources.disposeAsync() };
};

async function* readLayoutFile(path: string, start = 0): AsyncGenerator<Uint8Array> {
	try {
		for await (const bytes of createReadStream(path, { start })) yield bytes;
	} catch (cause) {
		throw new BundleError(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
			cause,
		});
	}
}

const verify = async (file: string, signal: AbortSignal): Promise<void> => {
	await using bundle = await openBundle(file, signal);
	const source = await openLayoutImage((path, offset) => bundle.open(`image/${path}`, offset));
	await collectImage(source, signal);
	writeStdout(`${file}: whole, with the image ${source.root}\n`);
};

interface PushOptions {
	readonly options: RegistryOptions;
	readonly signal: AbortSignal;
}

const push = async (file: string, to: string, { options, signal }: PushOptions): Promise<void> => {
	const { host, repository, reference: tag = readVersion() } = readPlace(to);
	if (tag.includes(":")) throw new ConfigError(`got ${to}: expected a tag, or none: the digest is the image's own`);
	await using bundle = await openBundle(file, signal);
	const source = await openLayoutImage((path, offset) => bundle.open(`image/${path}`, offset));
	await using registry = await openRegistry(host, options);
	await pushImage(registry, source, { repository, tag }, signal);
	writeStdout(`${host}/${repository}:${tag}@${source.root}\n`);
};
