import { flag, int32, list, object, text, time } from "./schema-words.ts";

const strings = (description: string) => list(description, text("One of them."));

const names = object(
	"How the kind is called.",
	{
		plural: text("Plural, as in paths."),
		singular: text("Singular, for commands."),
		shortNames: strings("Short names, for commands."),
		kind: text("The kind of an object."),
		listKind: text("The kind of a list."),
		categories: strings("Groups of kinds that are listed together."),
	},
	{ required: ["plural", "kind"] },
);

const printerColumn = object(
	"A column of tables.",
	{
		name: text("Its head."),
		type: text("The type of its values."),
		format: text("The format of its values."),
		description: text("What it shows."),
		priority: int32("Above zero: in wide tables only."),
		jsonPath: text("Where in the object its value is."),
	},
	{ required: ["name", "type", "jsonPath"] },
);

const subresources = object("Parts that are written through paths of their own.", {
	status: object("The status.", {}, { "x-kubernetes-preserve-unknown-fields": true }),
	scale: object(
		"The number of replicas.",
		{
			specReplicasPath: text("Where the wanted number is."),
			statusReplicasPath: text("Where the actual number is."),
			labelSelectorPath: text("Where the selector of the replicas is."),
		},
		{ required: ["specReplicasPath", "statusReplicasPath"] },
	),
});

const version = object(
	"One version of the kind.",
	{
		name: text("Its name."),
		served: flag("Whether it is served."),
		storage: flag("Whether objects are stored in it."),
		deprecated: flag("Whether clients are warned of it."),
		deprecationWarning: text("The warning."),
		schema: object("The schema of its objects.", {
			openAPIV3Schema: {
				type: "object",
				description: "The schema.",
				"x-kubernetes-preserve-unknown-fields": true,
			},
		}),
		subresources,
		additionalPrinterColumns: list("Columns of tables.", printerColumn),
		selectableFields: list(
			"Fields that field selectors may name.",
			object("A field.", { jsonPath: text("Where it is.") }, { required: ["jsonPath"] }),
		),
	},
	{ required: ["name", "served", "storage"] },
);

const conversion = object(
	"How objects of one version become those of another.",
	{
		strategy: text("None or Webhook."),
		webhook: object("The webhook.", {}, { "x-kubernetes-preserve-unknown-fields": true }),
	},
	{ required: ["strategy"] },
);

const condition = object(
	"One aspect of the state.",
	{
		type: text("What it is about."),
		status: text("True, False or Unknown."),
		lastTransitionTime: time("When the status changed."),
		reason: text("Why, in one word."),
		message: text("Why, for people."),
		observedGeneration: { type: "integer", format: "int64", description: "The generation that it speaks of." },
	},
	{ required: ["type", "status"] },
);

/** CustomResourceDefinitions. */
export const crdSchema = object(
	"A kind that the API server serves because this object says so.",
	{
		spec: object(
			"The kind.",
			{
				group: text("Its API group."),
				names,
				scope: { ...text("Namespaced or Cluster."), enum: ["Cluster", "Namespaced"] },
				versions: { ...list("Its versions.", version), minItems: 1 },
				conversion,
				preserveUnknownFields: flag("Must be false."),
			},
			{ required: ["group", "names", "scope", "versions"] },
		),
		status: object("How far the kind is served.", {
			conditions: list("Aspects of its state.", condition, "type"),
			acceptedNames: names,
			storedVersions: strings("Versions that objects may be stored in."),
		}),
	},
	{ required: ["spec"] },
);
