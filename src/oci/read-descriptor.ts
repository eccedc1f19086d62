import { type Descriptor, isTextMap, isTexts } from "./descriptor.ts";
import { isDigest } from "./digest.ts";

/**
 * What the schema {@link Descriptor} makes of a value, at a twentieth of the time: a manifest lists thousands, and nothing
 * else is done while they are looked at. It does not say what is wrong.
 *
 * @returns undefined when the schema refuses it
 */
export const readDescriptor = (value: unknown): Descriptor | undefined => {
	if (!isRecord(value)) return undefined;
	const { mediaType, digest, size, annotations, artifactType, platform, urls, data } = value;
	if (typeof mediaType !== "string" || mediaType === "") return undefined;
	if (typeof digest !== "string" || !isDigest(digest)) return undefined;
	if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) return undefined;
	if (!isAbsent(annotations) && !isTextMap(annotations)) return undefined;
	if (!isAbsent(artifactType) && typeof artifactType !== "string") return undefined;
	const ownPlatform = isAbsent(platform) ? undefined : readPlatform(platform);
	if (!isAbsent(platform) && ownPlatform === undefined) return undefined;
	if (!isAbsent(urls) && !isTexts(urls)) return undefined;
	if (!isAbsent(data) && typeof data !== "string") return undefined;
	return {
		mediaType,
		digest,
		size,
		...(isAbsent(annotations) ? {} : { annotations }),
		...(isAbsent(artifactType) ? {} : { artifactType }),
		...(ownPlatform === undefined ? {} : { platform: ownPlatform }),
		...(isAbsent(urls) ? {} : { urls }),
		...(isAbsent(data) ? {} : { data }),
	};
};

type Platform = NonNullable<Descriptor["platform"]>;

const PLATFORM_TEXTS = ["architecture", "os", "os.version", "variant"] as const;

const readPlatform = (value: unknown): Platform | undefined => {
	if (!isRecord(value)) return undefined;
	const platform: Platform = {};
	for (const key of PLATFORM_TEXTS) {
		const text = value[key];
		if (isAbsent(text)) continue;
		if (typeof text !== "string") return undefined;
		platform[key] = text;
	}
	const features = value["os.features"];
	if (isAbsent(features)) return platform;
	return isTexts(features) ? { ...platform, "os.features": features } : undefined;
};

/** Documents come from JSON, which has no undefined: a member that is missing, or that Go wrote as null. */
const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
	typeof value === "object" && value !== null && !Array.isArray(value);
