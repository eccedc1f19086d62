/** Whether it is a JSON object: neither null nor a list. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
	typeof value === "object" && value !== null && !Array.isArray(value);

/** What stands at a path of field names; undefined where the path ends early. */
export const fieldAt = (value: unknown, path: readonly string[]): unknown =>
	path.reduce<unknown>((at, field) => (isRecord(at) && Object.hasOwn(at, field) ? at[field] : undefined), value);

/** The text at a path; undefined when something else or nothing stands there. */
export const textAt = (value: unknown, ...path: string[]): string | undefined => {
	const found = fieldAt(value, path);
	return typeof found === "string" ? found : undefined;
};

/** The list at a path; empty when something else or nothing stands there. */
export const listAt = (value: unknown, ...path: string[]): readonly unknown[] => {
	const found = fieldAt(value, path);
	return Array.isArray(found) ? found : [];
};

/** The texts of the list at a path. */
export const textsAt = (value: unknown, ...path: string[]): readonly string[] =>
	listAt(value, ...path).filter((entry) => typeof entry === "string");

/** A copy with another value at a path, the objects on the way made where there are none. */
export const withField = (
	value: Readonly<Record<string, unknown>>,
	path: readonly string[],
	field: unknown,
): Readonly<Record<string, unknown>> => {
	const [first, ...rest] = path;
	if (first === undefined) return value;
	const child = value[first];
	return { ...value, [first]: rest.length === 0 ? field : withField(isRecord(child) ? child : {}, rest, field) };
};

/** A copy without these fields. */
export const withoutFields = <T extends object>(value: T, fields: readonly string[]): Record<string, unknown> =>
	Object.fromEntries(Object.entries(value).filter(([name]) => !fields.includes(name)));

/** Whether a text is JSON. */
export const isJson = (text: string): boolean => {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
};
