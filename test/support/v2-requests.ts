// Requests that no client sends, and some that clients do: what a fuzzer says to /v2.
import fc from "fast-check";
import { digestOf } from "#/oci/digest.ts";
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from "#/oci/media-types.ts";

/** A request as bytes on a socket. Placeholders in braces are filled in with what the registry has at the time. */
export interface WildRequest {
	readonly method: string;
	readonly target: string;
	readonly headers: readonly (readonly [name: string, value: string])[];
	readonly body: WildBody;
}

/** How a body is sent, rightly or wrongly framed. */
export type WildBody =
	| { readonly kind: "none" }
	/** `declared`: what Content-Length says, where it is not the truth. */
	| { readonly kind: "sized"; readonly bytes: Uint8Array; readonly declared: number | undefined }
	| { readonly kind: "chunked"; readonly pieces: readonly Uint8Array[]; readonly end: string }
	| { readonly kind: "raw"; readonly bytes: Uint8Array };

/** Placeholders of {@link WildRequest}. */
export const PLACEHOLDERS = ["{upload}", "{blob}", "{manifest}", "{authorization}"] as const;

const EVIL = [
	"..",
	"%2e%2e",
	"..%2f..%2f..%2fetc%2fpasswd",
	"../../../../../../etc/passwd",
	"%00",
	"\0",
	"%",
	"%zz",
	"%ff%fe",
	"%c0%ae%c0%ae%c0%af",
	"é",
	"日本",
	"💣",
	"\u202e",
	"a\tb",
	"a b",
	"'; DROP TABLE tags; --",
	"$(id)",
	"`id`",
	"|id",
	"\\..\\..",
	"~",
	"con",
	"a".repeat(256),
	"a/".repeat(128),
	"-",
	"_",
	".",
	"__proto__",
	"constructor",
	"",
];

const evil = fc.constantFrom(...EVIL);
const wild = fc.oneof(evil, fc.string({ unit: "binary", maxLength: 40 }), fc.webPath(), fc.webQueryParameters());
const digest = fc.oneof(
	{ weight: 4, arbitrary: fc.constantFrom("{blob}", "{manifest}") },
	fc.constantFrom(
		digestOf(Buffer.from("absent")),
		digestOf(Buffer.from(""), "sha512"),
		"sha256:",
		"sha256:zz",
		`sha256:${"A".repeat(64)}`,
		`md5:${"0".repeat(32)}`,
		`sha512:${"0".repeat(64)}`,
		`sha256%3A${"0".repeat(64)}`,
	),
	wild,
);
const name = fc.oneof(
	{ weight: 12, arbitrary: fc.constantFrom("team/fuzz", "team/fuzz/deep", "library/fuzz") },
	fc.constantFrom("other/fuzz", "nowhere/fuzz", "team", "team/blobs/uploads", "team/manifests"),
	fc.tuple(fc.constant("team"), wild).map((parts) => parts.join("/")),
	wild,
);
const tag = fc.oneof({ weight: 3, arbitrary: fc.constantFrom("latest", "v1", "a".repeat(128)) }, wild);

const path = fc.oneof(
	fc.constantFrom("/v2", "/v2/", "/v2/_catalog", "/v2//", "/v2/_catalog/", "/v2/.."),
	fc.tuple(name, fc.oneof(tag, digest)).map(([n, r]) => `/v2/${n}/manifests/${r}`),
	fc.tuple(name, digest).map(([n, d]) => `/v2/${n}/blobs/${d}`),
	fc.tuple(name, digest).map(([n, d]) => `/v2/${n}/referrers/${d}`),
	name.map((n) => `/v2/${n}/tags/list`),
	name.map((n) => `/v2/${n}/blobs/uploads/`),
	fc
		.tuple(name, fc.oneof({ weight: 3, arbitrary: fc.constant("{upload}") }, wild))
		.map(([n, id]) => `/v2/${n}/blobs/uploads/${id}`),
	wild.map((text) => `/v2/${text}`),
	wild.map((text) => `/${text}`),
);

const parameter = fc.oneof(
	fc.tuple(fc.constantFrom("digest", "mount"), digest),
	fc.tuple(fc.constant("from"), name),
	fc.tuple(fc.constant("digest-algorithm"), fc.constantFrom("sha256", "sha512", "md5", "constructor", "")),
	fc.tuple(fc.constant("n"), fc.oneof(fc.integer().map(String), fc.constantFrom("0", "1e9", "9".repeat(400), "NaN"))),
	fc.tuple(
		fc.constantFrom("last", "artifactType", "tag"),
		fc.oneof(tag, fc.constantFrom("%00", "%F0%9F%92%A3", "%ff")),
	),
	fc.tuple(wild, wild),
);
const query = fc
	.oneof(
		{ weight: 2, arbitrary: fc.constant([["digest", "{blob}"]]) },
		{ weight: 1, arbitrary: fc.constant([]) },
		fc.array(parameter, { maxLength: 4 }),
	)
	.map((parameters) => (parameters.length === 0 ? "" : `?${parameters.map((pair) => pair.join("=")).join("&")}`));

const range = fc.oneof(
	fc.tuple(fc.nat(100), fc.nat(100)).map(([from, to]) => `${from}-${to}`),
	fc.constantFrom("-1", "0-", "99999999999999999999-", "0-0,".repeat(300), "-", "1-0", "0-18446744073709551616"),
	wild,
);
const header = fc.oneof(
	{ weight: 4, arbitrary: fc.constantFrom<[string, string]>(["content-type", OCI_MANIFEST]) },
	fc.tuple(
		fc.constant("range"),
		fc.array(range, { minLength: 1, maxLength: 4 }).map((all) => `bytes=${all.join(",")}`),
	),
	fc.tuple(
		fc.constant("content-range"),
		range.map((text) => text),
	),
	fc.tuple(
		fc.constantFrom("if-match", "if-none-match", "if-range"),
		fc.oneof(
			fc.constant("*"),
			digest.map((text) => `"${text}"`),
			wild,
		),
	),
	fc.tuple(
		fc.constant("content-type"),
		fc.oneof(fc.constantFrom(OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, "application/json", "a/b; c"), wild),
	),
	fc.tuple(fc.constant("expect"), fc.constantFrom("100-continue", "100-Continue", "100-continue", "200-ok", "")),
	fc.tuple(fc.constant("accept"), fc.oneof(fc.constantFrom(OCI_MANIFEST, "*/*", ""), wild)),
	fc.tuple(fc.constant("authorization"), fc.oneof(fc.constantFrom("Bearer x", "Basic Og==", "Basic !"), wild)),
	fc.tuple(fc.constant("connection"), fc.constantFrom("close", "keep-alive", "upgrade", "te")),
	fc.tuple(fc.constant("upgrade"), fc.constantFrom("websocket", "h2c", "TLS/1.2")),
	fc.tuple(fc.constant("x-request-id"), wild),
	fc.tuple(
		fc.constant("x-large"),
		fc.integer({ min: 1_000, max: 17_000 }).map((length) => "x".repeat(length)),
	),
	fc.tuple(wild, wild),
);

const descriptor = fc.record(
	{
		mediaType: fc.oneof(fc.constantFrom(OCI_MANIFEST, OCI_INDEX, "application/octet-stream"), wild),
		digest,
		size: fc.oneof(fc.constant(4), fc.maxSafeInteger(), fc.double(), fc.constantFrom("4", null)),
		urls: fc.array(wild, { maxLength: 2 }),
		annotations: fc.dictionary(wild, wild, { maxKeys: 3 }),
	},
	{ requiredKeys: ["mediaType", "digest", "size"] },
);
const manifest = fc
	.record(
		{
			schemaVersion: fc.constantFrom(2, 2, 2, 1, "2"),
			mediaType: fc.oneof(fc.constantFrom(OCI_MANIFEST, OCI_INDEX), wild),
			artifactType: wild,
			config: fc.oneof(
				fc.constant({ mediaType: "application/vnd.oci.empty.v1+json", digest: "{blob}", size: 4 }),
				descriptor,
			),
			layers: fc.array(descriptor, { maxLength: 3 }),
			manifests: fc.array(descriptor, { maxLength: 3 }),
			subject: descriptor,
			annotations: fc.dictionary(wild, wild, { maxKeys: 3 }),
		},
		{ requiredKeys: ["schemaVersion", "config"] },
	)
	.map((document) => JSON.stringify(document));

/** Nothing is wrong with it but what stands in its texts. */
const soundManifest = fc
	.record({ artifactType: wild, annotations: fc.dictionary(wild, wild, { maxKeys: 3 }), isReferrer: fc.boolean() })
	.map(({ artifactType, annotations, isReferrer }) => {
		const config = { mediaType: "application/vnd.oci.empty.v1+json", digest: "{blob}", size: 4 };
		const ofWhat = { mediaType: OCI_MANIFEST, digest: "{manifest}", size: 2 };
		return JSON.stringify({
			schemaVersion: 2,
			mediaType: OCI_MANIFEST,
			artifactType,
			config,
			layers: [config],
			annotations,
			...(isReferrer && { subject: ofWhat }),
		});
	});

const bytes = fc.oneof(
	{ weight: 4, arbitrary: soundManifest.map((text) => Buffer.from(text)) },
	{ weight: 4, arbitrary: manifest.map((text) => Buffer.from(text)) },
	{ weight: 4, arbitrary: fc.constant(Buffer.from("{ } ")) },
	{ weight: 2, arbitrary: fc.uint8Array({ maxLength: 300 }) },
	{ weight: 2, arbitrary: fc.json().map((text) => Buffer.from(text)) },
	fc.constantFrom(
		Buffer.from("[".repeat(200_000)),
		Buffer.from(`${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`),
		Buffer.from('{"schemaVersion":2,"__proto__":{"config":1},"annotations":{"\\u0000":"\\ud800"}}'),
		Buffer.from('{"schemaVersion":2,"schemaVersion":1}'),
		Buffer.alloc(5 * 1024 * 1024, " "),
	),
);
const body: fc.Arbitrary<WildBody> = fc.oneof(
	{ weight: 4, arbitrary: fc.constant({ kind: "none" }) },
	{ weight: 6, arbitrary: fc.record({ kind: fc.constant("sized"), bytes, declared: fc.constant(undefined) }) },
	fc.record({ kind: fc.constant("sized"), bytes, declared: fc.oneof(fc.nat(10_000), fc.maxSafeInteger()) }),
	fc.record({
		kind: fc.constant("chunked"),
		pieces: fc.array(bytes, { maxLength: 3 }),
		end: fc.constantFrom(
			"0\r\n\r\n",
			"0\r\n\r\n",
			"",
			"zz\r\n",
			"ffffffffffffffffff\r\n",
			"0\r\nx: y\r\n\r\n",
			"-1\r\n\r\n",
		),
	}),
	fc.record({ kind: fc.constant("raw"), bytes }),
);

/** What is asked of which endpoint: most requests are about something that there is. */
const subject = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.constantFrom(
			["GET", "/v2/team/fuzz/blobs/{blob}"],
			["HEAD", "/v2/team/fuzz/blobs/{blob}"],
			["GET", "/v2/team/fuzz/manifests/latest"],
			["GET", "/v2/team/fuzz/manifests/{manifest}"],
			["GET", "/v2/team/fuzz/referrers/{manifest}"],
			["GET", "/v2/team/fuzz/tags/list"],
			["GET", "/v2/_catalog"],
			["PUT", "/v2/team/fuzz/manifests/latest"],
			["PUT", "/v2/team/fuzz/manifests/v1"],
			["PUT", "/v2/team/fuzz/manifests/{manifest}"],
			["POST", "/v2/team/fuzz/blobs/uploads/"],
			["POST", "/v2/library/fuzz/blobs/uploads/"],
			["GET", "/v2/team/fuzz/blobs/uploads/{upload}"],
			["PATCH", "/v2/team/fuzz/blobs/uploads/{upload}"],
			["PUT", "/v2/team/fuzz/blobs/uploads/{upload}"],
			["DELETE", "/v2/team/fuzz/blobs/uploads/{upload}"],
			["DELETE", "/v2/team/fuzz/manifests/v1"],
		),
	},
	{
		weight: 4,
		arbitrary: fc.tuple(fc.constantFrom("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"), path),
	},
	fc.tuple(fc.constantFrom("OPTIONS", "TRACE", "CONNECT", "PURGE", "get", "G@T", ""), path),
);

/** Any request that is HTTP at least, and one in eight that need not be. */
export const wildRequest: fc.Arbitrary<WildRequest> = fc
	.record({
		subject,
		query,
		headers: fc.array(header, { maxLength: 4 }),
		body,
		isHttp: fc.integer({ min: 0, max: 7 }).map((dice) => dice > 0),
	})
	.map(({ isHttp, subject: [method = "GET", at = "/"], query: asked, headers, body: sent }) => {
		const request = { method, target: `${at}${asked}`, headers, body: sent };
		return isHttp ? toHttp(request) : request;
	});

const toHttp = ({ method, target, headers, body }: WildRequest): WildRequest => ({
	method,
	// What may not stand in a target is encoded, as a client would do it.
	target: target.replace(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character.toWellFormed())),
	headers: headers
		.filter(([name]) => /^[\w-]+$/.test(name))
		.map(([name, value]) => [name, value.replace(/[^\x20-\x7e]/gu, "")] as const),
	body,
});
