/**
 * A JSON value, put together from the parts of another where the two are alike, so that these are in memory once: strings,
 * lists and objects. The answer is `model` itself where the two are equal. Parts of `value` are replaced in it, except
 * where it is frozen; it means the same as before.
 *
 * @param model frozen throughout, or nothing that anybody changes
 */
export const shareParts = <T>(value: T, model: unknown): T => {
	if (!isParted(value) || !isParted(model) || Array.isArray(value) !== Array.isArray(model)) {
		// Equal strings are two in memory all the same.
		return Object.is(value, model) ? (model as T) : value;
	}
	const open: Record<string, unknown> | undefined = Object.isFrozen(value) ? undefined : value;
	let isAlike = Object.keys(value).length === Object.keys(model).length;
	for (const name of Object.keys(value)) {
		if (!Object.hasOwn(model, name)) {
			isAlike = false;
			continue;
		}
		const part = shareParts(value[name], model[name]);
		if (open !== undefined) open[name] = part;
		isAlike &&= Object.is(part, model[name]);
	}
	return isAlike ? (model as T) : value;
};

const isParted = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
