import { z } from "zod";

/** The name of an object, as most kinds allow it (RFC 1123 subdomain). */
export const objectName = z
	.string()
	.min(1)
	.max(253)
	.regex(
		/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
		"expected the name of an object: lower-case letters, digits, dashes, dots",
	);

/** The name of a namespace (RFC 1123 label). */
export const namespaceName = z
	.string()
	.min(1)
	.max(63)
	.regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "expected the name of a namespace: lower-case letters, digits, dashes");

/** The key of an entry of a Secret or ConfigMap. */
export const entryKey = z
	.string()
	.min(1)
	.max(253)
	.regex(/^[A-Za-z0-9._-]+$/, "expected letters, digits, dashes, dots, underscores");

/** The key of a label or annotation. */
export const labelKey = z
	.string()
	.min(1)
	.max(317)
	.regex(/^([a-z0-9.-]+\/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/, "expected the key of a label");

/** The value of a label. */
export const labelValue = z
	.string()
	.max(63)
	.regex(/^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/, "expected the value of a label");

/** Labels. */
export const labels = z.record(z.string(), labelValue).meta({ maxProperties: 64 });

/** Annotations. */
export const annotations = z.record(z.string(), z.string().max(4_096)).meta({ maxProperties: 64 });
