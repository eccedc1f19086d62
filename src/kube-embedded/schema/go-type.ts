/** What Go, and so Kubernetes' messages, call the type of a JSON value. */
export const goType = (value: unknown): string => {
	if (Array.isArray(value)) return "[]interface {}";
	if (typeof value === "object") return "map[string]interface {}";
	if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
	return typeof value === "boolean" ? "bool" : typeof value;
};
