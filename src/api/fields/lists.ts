import { z } from "zod";

/** A list whose members are told apart by these fields: two writers may each own some of its members. */
export const listMap = <S extends z.ZodType<Readonly<Record<string, unknown>>>>(
	member: S,
	keys: readonly (keyof z.output<S> & string)[],
	maxItems: number,
): z.ZodArray<S> =>
	distinct(
		z.array(member).max(maxItems),
		(value) => JSON.stringify(keys.map((key) => value[key])),
		keys.join(" and "),
	).meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys });

/** A list of words that has each at most once, in no order that matters. */
export const wordSet = <S extends z.ZodType<string>>(member: S, maxItems: number): z.ZodArray<S> =>
	distinct(z.array(member).max(maxItems), (value) => value, "value").meta({ "x-kubernetes-list-type": "set" });

/** A list that is written whole. */
export const wholeList = <S extends z.ZodType>(member: S, maxItems: number): z.ZodArray<S> =>
	z.array(member).max(maxItems).meta({ "x-kubernetes-list-type": "atomic" });

const distinct = <S extends z.ZodType>(
	list: z.ZodArray<S>,
	keyOf: (member: z.output<S>) => string,
	what: string,
): z.ZodArray<S> =>
	list.check((context) => {
		const seen = new Set<string>();
		for (const [i, member] of context.value.entries()) {
			const key = keyOf(member);
			if (seen.has(key)) {
				context.issues.push({ code: "custom", path: [i], message: `expected each ${what} once`, input: member });
			}
			seen.add(key);
		}
	});
