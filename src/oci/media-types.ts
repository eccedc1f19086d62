/** An OCI image manifest (image specification, manifest.md). */
export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** An OCI image index (image specification, image-index.md). */
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
/** The configuration of an OCI container image (image specification, config.md). */
export const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
/** A layer as a plain tar archive (image specification, layer.md). */
export const OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";
/** A layer as a tar archive compressed by gzip. */
export const OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";
/** A layer as a tar archive compressed by zstd. */
export const OCI_LAYER_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd";
/** A blob of the two bytes `{}`, for a descriptor that must be there but says nothing (image specification, manifest.md). */
export const OCI_EMPTY = "application/vnd.oci.empty.v1+json";

/** A Docker image manifest, schema 2. */
export const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
/** A Docker manifest list, schema 2. */
export const DOCKER_MANIFEST_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
/** The configuration of a Docker image. */
export const DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
/** A Docker layer, compressed by gzip. */
export const DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip";
/** A Docker layer that may not be distributed, only fetched from its own addresses. */
export const DOCKER_FOREIGN_LAYER = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
/** A Docker manifest, schema 1, signed or not: refused everywhere, since its content cannot be verified. */
export const DOCKER_SCHEMA1: readonly string[] = [
	"application/vnd.docker.distribution.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.v1+prettyjws",
];

/** The media types of the manifests that describe one image or artifact. */
export type ImageMediaType = typeof OCI_MANIFEST | typeof DOCKER_MANIFEST;
/** The media types of the manifests that list other manifests. */
export type IndexMediaType = typeof OCI_INDEX | typeof DOCKER_MANIFEST_LIST;
/** The media types of every manifest that the registry stores. */
export type ManifestMediaType = ImageMediaType | IndexMediaType;

/** Whether it is the media type of a manifest that describes one image or artifact, OCI or Docker. */
export const isImageMediaType = (mediaType: string): mediaType is ImageMediaType =>
	mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST;

/** Whether it is the media type of a manifest that lists others, OCI or Docker. */
export const isIndexMediaType = (mediaType: string): mediaType is IndexMediaType =>
	mediaType === OCI_INDEX || mediaType === DOCKER_MANIFEST_LIST;

/** Whether it is the media type of any manifest that the registry stores, an index included. */
export const isManifestMediaType = (mediaType: string): mediaType is ManifestMediaType =>
	isImageMediaType(mediaType) || isIndexMediaType(mediaType);

/**
 * Whether layers of this type may be absent from the registry, their descriptors saying where else they are found
 * (image specification, layer.md, "Non-Distributable Layers"). In any compression.
 */
export const isNonDistributable = (mediaType: string): boolean =>
	mediaType.startsWith("application/vnd.oci.image.layer.nondistributable.") ||
	mediaType.startsWith("application/vnd.docker.image.rootfs.foreign.");
