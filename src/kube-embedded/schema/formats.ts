import { isIP, isIPv4, isIPv6 } from "node:net";

const dateTime =
	/^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):?[0-5]\d)$/;
const goDuration = /^[+-]?(0|(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*)$/;
const wordDuration =
	/^[+-]?(\d+\s*(ns|us|µs|ms|s|m|h|d|w|nanos?|micros?|millis?|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|wks?)\s*)+$/i;
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const hostname = /^(?=.{1,255}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*\.?$/i;

const isDate = (text: string): boolean =>
	/^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text;

const isCidr = (text: string): boolean => {
	const [address = "", bits = "", more] = text.split("/");
	const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
	return more === undefined && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
};

const isUri = (text: string): boolean => URL.canParse(text) || (text.startsWith("/") && URL.canParse(text, "http://a"));

/** Formats that the API server enforces on strings; others are hints. */
const stringFormats: Readonly<Record<string, (text: string) => boolean>> = {
	"date-time": (text) => dateTime.test(text) && isDate(text.slice(0, 10)),
	date: isDate,
	duration: (text) => goDuration.test(text) || wordDuration.test(text),
	byte: (text) => base64.test(text),
	uuid: (text) => uuid.test(text),
	uuid3: (text) => uuid.test(text),
	uuid4: (text) => uuid.test(text),
	uuid5: (text) => uuid.test(text),
	ipv4: (text) => isIPv4(text),
	ipv6: (text) => isIPv6(text),
	ip: (text) => isIP(text) !== 0,
	cidr: isCidr,
	uri: isUri,
	hostname: (text) => hostname.test(text),
	mac: (text) => /^(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(text),
	email: (text) => /^[^\s@]+@[^\s@]+$/.test(text),
};

/** Whether a string is of a format; true for formats that are hints only. */
export const isOfFormat = (text: string, format: string): boolean => stringFormats[format]?.(text) ?? true;
