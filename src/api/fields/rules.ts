import type { z } from "zod";

/** A rule that the API server checks by CEL. */
export interface CelRule {
	/** The expression. With `oldSelf` in it, it judges changes alone. */
	readonly rule: string;
	/** What a person reads who broke it. */
	readonly message: string;
	/** Which field is to blame, from where the rule stands; absent: all of it. */
	readonly fieldPath?: string;
	/** @defaultValue FieldValueInvalid */
	readonly reason?: "FieldValueInvalid" | "FieldValueForbidden" | "FieldValueRequired" | "FieldValueDuplicate";
}

/** A {@link CelRule} and, unless it judges changes, the same in TypeScript. */
export interface Rule<T> extends CelRule {
	/** Absent for rules about changes, which can only be judged where the old object is known. */
	readonly holds?: (value: T) => boolean;
}

/** A schema whose values keep these rules: by CEL where the API server judges, by zod everywhere else. */
export const withRules = <S extends z.ZodType>(schema: S, ...rules: readonly Rule<z.output<S>>[]): S => {
	let checked: S = schema;
	for (const { holds, message, fieldPath } of rules) {
		if (holds === undefined) continue;
		const path = fieldPath?.split(".").slice(1);
		checked = checked.check((context) => {
			if (holds(context.value)) return;
			context.issues.push({ code: "custom", message, input: context.value, ...(path === undefined ? {} : { path }) });
		});
	}
	return checked.meta({ "x-kubernetes-validations": rules.map(toCel) });
};

const toCel = ({ rule, message, fieldPath, reason }: CelRule): CelRule => ({
	rule,
	message,
	...(fieldPath === undefined ? {} : { fieldPath }),
	...(reason === undefined ? {} : { reason }),
});

/** One of these members is set, and no second one: how a choice is written without `oneOf`. */
export const exactlyOne = <K extends string>(...members: readonly K[]): Rule<{ readonly [name in K]?: unknown }> => ({
	rule: `[${members.map((name) => `has(self.${name})`).join(", ")}].filter(isSet, isSet).size() == 1`,
	message: `expected exactly one of ${members.join(", ")}`,
	holds: (value) => members.filter((name) => value[name] !== undefined).length === 1,
});

/** The value that the rule stands on never changes. */
export const immutable = (what: string): Rule<unknown> => ({
	rule: "self == oldSelf",
	message: `${what} cannot be changed`,
	reason: "FieldValueForbidden",
});

/** An optional member stays as it was: set or not set, and to what. The rule stands on its parent. */
export const immutableMember = (name: string): Rule<unknown> => ({
	rule: `has(self.${name}) == has(oldSelf.${name}) && (!has(self.${name}) || self.${name} == oldSelf.${name})`,
	message: `${name} cannot be changed`,
	reason: "FieldValueForbidden",
});

/** Which one of a choice was made stays so. The rule stands on the choice. */
export const immutableChoice = (what: string, ...members: readonly string[]): Rule<unknown> => ({
	rule: members.map((name) => `has(self.${name}) == has(oldSelf.${name})`).join(" && "),
	message: `${what} cannot be changed`,
	reason: "FieldValueForbidden",
});
