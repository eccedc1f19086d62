import assert from "node:assert/strict";
import { test } from "node:test";
import * as types from "#/oci/media-types.ts";

const { isImageMediaType, isIndexMediaType, isManifestMediaType, isNonDistributable } = types;

test("OCI and Docker manifests are manifests, of an image or an index", () => {
	for (const mediaType of [types.OCI_MANIFEST, types.DOCKER_MANIFEST]) {
		assert.deepEqual(
			[isManifestMediaType(mediaType), isImageMediaType(mediaType), isIndexMediaType(mediaType)],
			[true, true, false],
		);
	}
	for (const mediaType of [types.OCI_INDEX, types.DOCKER_MANIFEST_LIST]) {
		assert.deepEqual(
			[isManifestMediaType(mediaType), isImageMediaType(mediaType), isIndexMediaType(mediaType)],
			[true, false, true],
		);
	}
});

test("configs, layers, Docker schema 1 and other types are no manifests", () => {
	const others = [
		types.OCI_CONFIG,
		types.OCI_EMPTY,
		types.OCI_LAYER,
		types.DOCKER_CONFIG,
		types.DOCKER_LAYER,
		...types.DOCKER_SCHEMA1,
		"application/json",
		"",
	];
	for (const mediaType of others) assert.equal(isManifestMediaType(mediaType), false, mediaType);
});

test("foreign and non-distributable layers may be absent, in any compression", () => {
	const absent = [
		types.DOCKER_FOREIGN_LAYER,
		"application/vnd.docker.image.rootfs.foreign.diff.tar",
		"application/vnd.oci.image.layer.nondistributable.v1.tar",
		"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
		"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
	];
	for (const mediaType of absent) assert.equal(isNonDistributable(mediaType), true, mediaType);
});

test("ordinary layers and configs must be there", () => {
	const present = [
		types.OCI_LAYER,
		types.OCI_LAYER_GZIP,
		types.OCI_LAYER_ZSTD,
		types.DOCKER_LAYER,
		types.OCI_CONFIG,
		types.OCI_EMPTY,
		"text/plain",
	];
	for (const mediaType of present) assert.equal(isNonDistributable(mediaType), false, mediaType);
});
