// A project as docker compose itself understands it: variables put in, defaults filled, files merged.
import { z } from "zod";
import { findPart } from "../parts.ts";
import { outputOf, runProgram } from "../run-program.ts";

const mounted = z.object({ source: z.string(), target: z.string() });
const file = z.object({ file: z.string() });
const words = z.array(z.string());

const serviceSchema = z.object({
	image: z.string(),
	user: z.string().optional(),
	entrypoint: words.nullish(),
	command: words.nullish(),
	environment: z.record(z.string(), z.string().nullable()).default({}),
	read_only: z.boolean().default(false),
	cap_drop: words.default([]),
	security_opt: words.default([]),
	group_add: words.default([]),
	restart: z.string().default("no"),
	depends_on: z
		.record(
			z.string(),
			z.object({ condition: z.enum(["service_started", "service_healthy", "service_completed_successfully"]) }),
		)
		.default({}),
	configs: z.array(mounted).default([]),
	secrets: z.array(mounted).default([]),
	volumes: z.array(mounted.extend({ type: z.literal("volume") })).default([]),
	tmpfs: words.default([]),
	networks: z.record(z.string(), z.unknown()),
	ports: z
		.array(z.object({ host_ip: z.string().optional(), target: z.number(), published: z.string().optional() }))
		.default([]),
	deploy: z.object({ replicas: z.number().default(1) }).default({ replicas: 1 }),
	healthcheck: z.object({ test: words }).optional(),
	stop_signal: z.string().default("SIGTERM"),
});

const projectSchema = z.object({
	services: z.record(z.string(), serviceSchema),
	configs: z.record(z.string(), file).default({}),
	secrets: z.record(z.string(), file).default({}),
	networks: z.record(z.string(), z.object({ internal: z.boolean().default(false) })),
	volumes: z.record(z.string(), z.unknown()).default({}),
});

/** One service. */
export type ComposeService = z.output<typeof serviceSchema>;

/** A whole project. */
export type ComposeProject = z.output<typeof projectSchema>;

/**
 * What `docker compose config` makes of the files in a folder; the same folder's `.env` is read.
 *
 * @param variables of the environment, which win over `.env`
 * @throws Error with what docker compose complained of
 */
export const readProject = async (
	folder: string,
	files: readonly string[] = ["compose.yaml"],
	variables: Readonly<Record<string, string>> = {},
): Promise<ComposeProject> => {
	const program = findPart("docker-compose");
	if (program === undefined) throw new Error("docker-compose is not on this machine: .ci/parts/compose brings it");
	const args = [...files.flatMap((name) => ["--file", name]), "config", "--format", "json"];
	const ended = await runProgram(program, args, { cwd: folder, env: { HOME: folder, ...variables } });
	if (/warning/i.test(ended.stderr)) throw new Error(ended.stderr);
	return projectSchema.parse(JSON.parse(outputOf("docker compose config", ended)));
};
