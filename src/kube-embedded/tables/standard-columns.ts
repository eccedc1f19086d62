import type { Column } from "./column.ts";
import { humanAge } from "./human-duration.ts";

/** The first column of every table. */
export const NAME_COLUMN: Column = {
	name: "Name",
	type: "string",
	format: "name",
	description:
		"Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically.",
	priority: 0,
	cell: ({ metadata }) => metadata.name,
};

/** How long ago the object was made. */
export const AGE_COLUMN: Column = {
	name: "Age",
	type: "string",
	description: "CreationTimestamp is a timestamp representing the server time when this object was created.",
	priority: 0,
	cell: ({ metadata }, now) => humanAge(metadata.creationTimestamp, now),
};
