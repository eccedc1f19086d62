import { correlateField, correlateItems } from "#/kube-embedded/schema/correlate.ts";
import { isRecord } from "#/kube-embedded/schema/json-record.ts";
import type { Schema } from "#/kube-embedded/schema/structural-schema.ts";

const placesOf = (list: readonly unknown[], schema: Schema): ((item: unknown) => number) => {
	if (schema.listType === "map") {
		const find = correlateItems(list, schema);
		return (item) => list.indexOf(find(item));
	}
	return (item) => list.indexOf(item);
};

const alignList = (old: readonly unknown[], now: readonly unknown[], schema: Schema): unknown[] => {
	const { items } = schema;
	if (schema.listType === "atomic" || items === undefined) return [...old];
	const place = placesOf(now, schema);
	const last = now.length;
	const order = (item: unknown): number => (place(item) < 0 ? last : place(item));
	return old
		.toSorted((a, b) => order(a) - order(b))
		.map((item) => (place(item) < 0 ? item : alignOrder(item, now[place(item)], items)));
};

/**
 * A value from before with the elements of its sets and list-maps in the order that they have now: to rules, two such
 * lists are equal whatever their order.
 */
export const alignOrder = (old: unknown, now: unknown, schema: Schema): unknown => {
	if (Array.isArray(old)) return Array.isArray(now) ? alignList(old, now, schema) : old;
	if (!isRecord(old) || !isRecord(now)) return old;
	return Object.fromEntries(
		Object.entries(old).map(([name, value]) => {
			const child = schema.properties.get(name) ?? schema.additionalProperties;
			const aligned =
				child === undefined || child === true ? value : alignOrder(value, correlateField(now, name), child);
			return [name, aligned];
		}),
	);
};
