import type { LookupFunction } from "node:net";
import type { ByteBudget } from "#/storage/byte-budget.ts";

/** Which bucket, and how to speak to it. */
export interface S3StoreOpts {
	readonly bucket: string;
	readonly region: string;
	/** @defaultValue that of AWS for the region */
	readonly endpoint?: string | undefined;
	/** In front of every key, empty or ending in a slash. */
	readonly prefix: string;
	/** The bucket in the path of URLs rather than in the host name. */
	readonly pathStyle: boolean;
	/** @defaultValue what the SDK finds: environment, profile, web identity, container or instance role */
	readonly keys?: StaticKeys | undefined;
	/** A PEM file of authorities that are trusted instead of the system's. */
	readonly caFile?: string | undefined;
	/** Whether clients are sent to the bucket, and where they find it. */
	readonly redirect?: RedirectOpts | undefined;
	/** Bytes of a part, at least 5 MiB. Objects up to this size go in one request. */
	readonly partSize: number;
	/** Silence on a connection after which it is given up, in milliseconds. @defaultValue 30,000 */
	readonly idleMs?: number;
}

/** Keys from the configuration. */
export interface StaticKeys {
	readonly accessKeyId: string;
	readonly secretAccessKey: string;
	readonly sessionToken?: string | undefined;
}

/** How clients are sent to the bucket. */
interface RedirectOpts {
	/** Where clients reach the service. @defaultValue the endpoint that the store uses */
	readonly endpoint?: string | undefined;
	/** How long a URL is valid, in seconds. @defaultValue 1200 */
	readonly life?: number;
}

/** What S3 stores of a process share. */
export interface S3StoreDeps {
	/** Bytes of parts under way. */
	readonly budget: ByteBudget;
	/** Gives an id of letters, digits and dashes that no other process gives. */
	readonly newId: () => string;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	/** Finds the addresses of a host. @defaultValue the system's way */
	readonly lookup?: LookupFunction;
}
