import { execFile } from "node:child_process";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { fieldAt, listAt, textAt } from "#/kube-embedded/json.ts";
import { findPart } from "../parts.ts";

const CHARTS = join(import.meta.dirname, "..", "..", "..", "charts");

/** What is looked at of any object that a chart makes. */
const rendered = z.looseObject({
	apiVersion: z.string(),
	kind: z.string(),
	metadata: z.looseObject({
		name: z.string(),
		namespace: z.string().optional(),
		labels: z.record(z.string(), z.string()).default({}),
		annotations: z.record(z.string(), z.string()).default({}),
	}),
});

/** An object that a chart makes. */
export type Rendered = z.output<typeof rendered>;

/** How a chart is rendered. */
export interface RenderOpts {
	/** @defaultValue "limani" */
	readonly chart?: "limani" | "limani-crds";
	/** A file of `charts/limani/profiles/`, without its ending. */
	readonly profile?: string;
	/** Values as `--set-json` takes them. */
	readonly values?: Readonly<Record<string, unknown>>;
}

/** Where a chart is. */
export const chartPath = (chart: "limani" | "limani-crds"): string => join(CHARTS, chart);

/** The arguments of helm that say these values. The image has to be named always. */
export const valueArguments = ({ chart = "limani", profile, values = {} }: RenderOpts): readonly string[] => {
	const all =
		chart === "limani" && profile !== "air-gapped"
			? { "image.repository": "registry.example/limani", ...values }
			: values;
	return [
		...(profile === undefined ? [] : ["--values", join(CHARTS, "limani", "profiles", `${profile}.yaml`)]),
		...Object.entries(all).flatMap(([path, value]) => ["--set-json", `${path}=${JSON.stringify(value)}`]),
	];
};

/** Runs the real helm. @throws Error with what it complained of */
export const runHelm = (...args: readonly string[]): Promise<string> => {
	const helm = findPart("helm");
	if (helm === undefined) throw new Error("helm is not on this machine: .ci/parts/kube installs it");
	return new Promise((resolve, reject) => {
		execFile(helm, args, { timeout: 60_000, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
			if (error === null) resolve(stdout);
			else reject(new Error(`helm ${args[0]}: ${stderr}`));
		});
	});
};

/** The objects that a release `limani` in `limani-system` would have, its tests among them. @throws Error as {@link runHelm} */
export const renderChart = async (opts: RenderOpts = {}): Promise<readonly Rendered[]> => {
	const place = ["limani", chartPath(opts.chart ?? "limani"), "--namespace", "limani-system"];
	const text = await runHelm("template", ...place, ...valueArguments(opts));
	return parseAllDocuments(text)
		.map((document): unknown => document.toJS())
		.filter((document) => document !== null)
		.flatMap((document) => (textAt(document, "kind") === "List" ? listAt(document, "items") : [document]))
		.map((document) => rendered.parse(document));
};

/** The variables that the operator's container is given, with plain values. */
export const environmentOf = (objects: readonly Rendered[]): { readonly [name: string]: string } => {
	const deployment = objects.find(({ kind }) => kind === "Deployment");
	const [container] = listAt(fieldAt(deployment?.spec, ["template", "spec"]), "containers");
	return Object.fromEntries(
		listAt(container, "env").flatMap((entry) => {
			const value = textAt(entry, "value");
			return value === undefined ? [] : [[textAt(entry, "name") ?? "", value]];
		}),
	);
};
