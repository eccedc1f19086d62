/** What says which entry of a list is which, in the lists of Kubernetes' own kinds and ours; the first that is there. */
const IDENTITIES = ["name", "key", "type", "uid", "mountPath", "containerPort", "port", "ip", "topologyKey", "kind"];

/**
 * Of a value, the parts that `shape` has, whatever their values: of objects its fields, of lists its entries. What is
 * missing is missing in the answer too. Two values that differ only outside of `shape` give equal answers.
 */
export const projectFields = (value: unknown, shape: unknown): unknown => {
	if (Array.isArray(shape)) return Array.isArray(value) ? projectList(value, shape) : value;
	if (!isRecord(shape) || !isRecord(value)) return value;
	// An object that is wanted empty is wanted to be there.
	return Object.fromEntries(
		Object.keys(shape)
			.filter((name) => shape[name] !== undefined && name in value)
			.map((name) => [name, projectFields(value[name], shape[name])]),
	);
};

const projectList = (values: readonly unknown[], shape: readonly unknown[]): unknown[] =>
	shape.map((wanted, index) => {
		if (!isRecord(wanted)) return values.includes(wanted) ? wanted : values[index];
		const identity = IDENTITIES.find((name) => name in wanted);
		const found =
			identity === undefined
				? values[index]
				: values.find((value) => isRecord(value) && value[identity] === wanted[identity]);
		return projectFields(found, wanted);
	});

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
	typeof value === "object" && value !== null && !Array.isArray(value);
