import { join } from "node:path";
import type { Config } from "./config/schema.ts";
import { describeObjectStore } from "./describe-store.ts";

/** What a person at a terminal wants to know: what runs where, and what to type next. */
export const formatSummary = (config: Config): string => {
	const url = config.externalUrl ?? `${config.tls === undefined ? "http" : "https"}://${config.listen}`;
	const lines = [
		["Registry", url],
		["Metadata", config.database.postgres === undefined ? `SQLite in ${config.dataDir}` : "PostgreSQL"],
		[
			"Stores",
			Object.entries(config.stores)
				.map((store) => formatStore(config, store))
				.join(", "),
		],
		["Processes", String(config.workers)],
		["Health", `${url}/readyz   metrics: ${url}/metrics`],
	].map(([name = "", value = ""]) => `  ${name.padEnd(10)} ${value}`);
	return ["", "Limani is ready.", "", ...lines, "", ...tour(config, url), ""].join("\n");
};

const formatStore = (config: Config, [name, settings]: [string, Config["stores"][string]]): string => {
	const { filesystem } = settings;
	if (filesystem === undefined) return `${name} (${describeObjectStore(settings)})`;
	const { root = join(config.dataDir, "stores", name), migrateTo } = filesystem;
	const to = migrateTo === undefined ? "" : `, on the way to ${describeObjectStore(migrateTo)}`;
	return `${name} (files in ${root}${to})`;
};

/** Commands to try with the first user and the first project that the configuration names. */
const tour = ({ listen, resources }: Config, url: string): readonly string[] => {
	const project = resources?.projects[0];
	const user = resources?.users[0];
	if (project === undefined || user === undefined) return [];
	const image = `${listen}/${project.name}/hello:1`;
	const password = user.passwordFile === undefined ? "PASSWORD" : `$(cat ${user.passwordFile})`;
	const login = `${user.name}:${password}`;
	return [
		`Try next, in another terminal (user ${user.name}, project ${project.name}, ${project.visibility.toLowerCase()}):`,
		"",
		`  skopeo copy --dest-tls-verify=false --dest-creds ${login} docker://docker.io/library/alpine docker://${image}`,
		`  skopeo inspect --tls-verify=false ${project.visibility === "Public" ? "" : `--creds ${login} `}docker://${image}`,
		`  docker login ${listen} -u ${user.name}   # then: docker push ${image}`,
		`  curl -u ${login} ${url}/v2/_catalog`,
		"",
	];
};
