import { z } from "zod";
import { wholeList, wordSet } from "./lists.ts";
import { labelKey, labels, labelValue } from "./names.ts";
import { type Rule, withRules } from "./rules.ts";

const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"] as const;

const fitsOperator: Rule<{ readonly operator: string; readonly values: readonly string[] }> = {
	rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
	message: "expected values with In and NotIn, and none with Exists and DoesNotExist",
	fieldPath: ".values",
	holds: ({ operator, values }) => operator.endsWith("In") === values.length > 0,
};

const requirement = withRules(
	z.object({
		key: labelKey.describe("Key of the label"),
		operator: z.enum(OPERATORS).describe("How the label's value relates to the values"),
		values: wordSet(labelValue, 64).default([]).describe("Values, for In and NotIn"),
	}),
	fitsOperator,
);

/** Which objects, by their labels; all when it is empty. */
export const labelSelector = z.object({
	matchLabels: labels.default({}).describe("Labels that must be there, with these values"),
	matchExpressions: wholeList(requirement, 32).default([]).describe("What must be true of the labels, each of it"),
});

/** A selector, with its defaults. */
export type LabelSelector = z.output<typeof labelSelector>;

type Requirement = LabelSelector["matchExpressions"][number];

/** Whether an object with these labels is selected. */
export const isSelected = (
	{ matchLabels, matchExpressions }: LabelSelector,
	labelsOfObject: { readonly [key: string]: string } = {},
): boolean =>
	Object.entries(matchLabels).every(([key, value]) => labelsOfObject[key] === value) &&
	matchExpressions.every((requirement) => isMet(requirement, labelsOfObject));

const isMet = ({ key, operator, values }: Requirement, labelsOfObject: { readonly [key: string]: string }): boolean => {
	const value = Object.hasOwn(labelsOfObject, key) ? labelsOfObject[key] : undefined;
	switch (operator) {
		case "In":
			return value !== undefined && values.includes(value);
		case "NotIn":
			return value === undefined || !values.includes(value);
		case "Exists":
			return value !== undefined;
		case "DoesNotExist":
			return value === undefined;
	}
};
