/** A field of a JSON object by any name, `__proto__` too; absent when it has none. */
export const ownField = (record: Readonly<Record<string, unknown>>, name: string): unknown =>
	Object.hasOwn(record, name) ? record[name] : undefined;

/** Sets a field of a JSON object, whatever its name: assigning to `__proto__` would not make a field. */
export const setField = (record: Record<string, unknown>, name: string, value: unknown): void => {
	if (name === "__proto__")
		Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true });
	else record[name] = value;
};
