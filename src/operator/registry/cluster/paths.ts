/** Where things are in a pod. */
export const PATHS = {
	config: "/etc/limani/config",
	control: "/etc/limani/control",
	masterKey: "/etc/limani/master-key",
	secrets: "/etc/limani/secrets",
	/** What the API server is asked with, where the Registry accepts service accounts' tokens. */
	identity: "/etc/limani/identity",
	data: "/var/lib/limani",
	/** The volume of the registry's own backups. */
	archive: "/var/lib/limani-archive",
	/** The volume of the backups that it begins with. */
	recovery: "/var/lib/limani-recovery",
	/** The volumes of storage classes, a directory each: never below another volume, which would be written to in place of theirs. */
	classes: "/var/lib/limani-classes",
	temporary: "/tmp",
} as const;

/** What is in {@link PATHS.identity}. */
export const IDENTITY_FILES = { ca: "ca.crt", token: "token" } as const;

/** Where an archive is on its volume: file systems have something of their own at the top. */
export const ARCHIVE_DIRECTORY = "archive";

/** Where a store is on the volume of its class, for the same reason. */
export const STORE_DIRECTORY = "store";
