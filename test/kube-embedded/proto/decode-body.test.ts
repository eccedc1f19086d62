import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decodeBody } from "#/kube-embedded/proto/decode-body.ts";
import { ProtoError } from "#/kube-embedded/proto/proto-error.ts";

const bytesOf = (base64: string): Uint8Array => Buffer.from(base64, "base64");

/** Go writes empty structs and nulls that mean absence. */
const withoutEmpty = (value: unknown): unknown => {
	if (Array.isArray(value)) return value.map(withoutEmpty);
	if (typeof value !== "object" || value === null) return value;
	const kept = Object.entries(value)
		.map(([name, one]) => [name, withoutEmpty(one)] as const)
		.filter(([, one]) => one !== null && !(typeof one === "object" && Object.keys(one).length === 0));
	return Object.fromEntries(kept);
};

interface Vector {
	readonly json: object;
	readonly protobuf: string;
}

const read: Record<string, Vector> = JSON.parse(
	await readFile(new URL("./fixtures/vectors.json", import.meta.url), "utf8"),
);

/** `k8s\0`, Unknown{typeMeta{v1, kind}, raw}. */
const envelope = (kind: string, raw: readonly number[]): Uint8Array => {
	const text = [...Buffer.from(kind)];
	const typeMeta = [0x0a, 2, 0x76, 0x31, 0x12, text.length, ...text];
	return Uint8Array.from([0x6b, 0x38, 0x73, 0, 0x0a, typeMeta.length, ...typeMeta, 0x12, raw.length, ...raw]);
};

describe("a body in Kubernetes' protobuf", () => {
	for (const [name, { json, protobuf }] of Object.entries(read))
		it(`reads what Go wrote: ${name}`, () => {
			// The status of a token request is the server's to write.
			const wanted = name === "token-request" ? { ...json, status: null } : json;
			assert.deepEqual(withoutEmpty(decodeBody(bytesOf(protobuf))), withoutEmpty(wanted));
		});

	it("reads a Secret written by hand", () => {
		const metadata = [0x0a, 1, 0x61];
		const entry = [0x0a, 1, 0x6b, 0x12, 2, 0, 0xff];
		const raw = [0x0a, metadata.length, ...metadata, 0x12, entry.length, ...entry];
		assert.deepEqual(decodeBody(envelope("Secret", raw)), {
			apiVersion: "v1",
			kind: "Secret",
			metadata: { name: "a" },
			data: { k: "AP8=" },
		});
	});

	it("keeps a zero where zero means something", () => {
		assert.deepEqual(decodeBody(envelope("DeleteOptions", [0x08, 0])), {
			apiVersion: "v1",
			kind: "DeleteOptions",
			gracePeriodSeconds: 0,
		});
	});

	it("leaves out fields that it does not know", () => {
		assert.deepEqual(decodeBody(envelope("ConfigMap", [0xf8, 0x07, 5, 0x0a, 0])).metadata, {});
	});

	it("refuses what is not read from protobuf, and what is no such body", () => {
		assert.throws(() => decodeBody(envelope("Pod", [])), { code: "UNKNOWN_KIND" });
		assert.throws(() => decodeBody(Buffer.from("{}")), { code: "MALFORMED" });
		assert.throws(() => decodeBody(envelope("Secret", [0x0a, 9, 1])), { code: "MALFORMED" });
	});

	it("says so of every broken body, and never fails otherwise", () => {
		const bodies = Object.values(read).map(({ protobuf }) => bytesOf(protobuf));
		fc.assert(
			fc.property(
				fc.constantFrom(...bodies),
				fc.nat(),
				fc.integer({ min: 0, max: 255 }),
				fc.nat(),
				(body, at, byte, end) => {
					const broken = Uint8Array.from(body);
					broken[4 + (at % (body.length - 4))] = byte;
					try {
						decodeBody(broken.subarray(0, 4 + (end % body.length)));
					} catch (error) {
						assert.ok(error instanceof ProtoError, String(error));
					}
				},
			),
			{ numRuns: 400 },
		);
	});
});
