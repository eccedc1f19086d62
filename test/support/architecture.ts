import { posix } from "node:path";

/** The floors of `src/`, lowest first. A file imports its own unit and lower floors; units of one floor do not meet. */
const floors: readonly (readonly string[])[] = [
	["lib"],
	["oci"],
	["api"],
	["storage", "metadata", "client", "kube", "control"],
	["registry", "auth", "jobs"],
	["features"],
	["dataplane", "operator", "http", "kube-embedded"],
	["app"],
	["main"],
];

/** Folders whose children are units of their own: of their siblings' and parent's files they see the parent's only. */
const parents: ReadonlySet<string> = new Set(["features", "storage", "metadata"]);

/** Of those, the ones whose children are drivers: what is above sees the port, and app/ alone opens a driver. */
const drivers: ReadonlySet<string> = new Set(["storage", "metadata"]);

/** What a child may see of its siblings: the one SQL implementation lies below its two dialects. */
const below: Readonly<Record<string, string>> = {
	"metadata/sqlite": "metadata/sql",
	"metadata/postgres": "metadata/sql",
};

/** Which folder may import which package. A package that stands in no row may be imported nowhere. */
const packages: Readonly<Record<string, readonly string[]>> = {
	"@aws-sdk/client-s3": ["storage/s3"],
	"@azure/storage-blob": ["storage/azure"],
	"@google-cloud/storage": ["storage/gcs"],
	pg: ["metadata"],
	"node:sqlite": ["metadata", "kube-embedded"],
	express: ["http", "kube-embedded"],
	"@kubernetes/client-node": ["kube"],
	undici: ["client", "kube"],
	"@marcbachmann/cel-js": ["kube-embedded"],
	"@peculiar/asn1-schema": ["lib"],
	"@peculiar/asn1-x509": ["lib"],
	winston: ["app", "lib"],
	"prom-client": ["app", "http", "lib"],
	"@node-rs/argon2": ["auth"],
	yaml: ["app", "api", "operator", "kube-embedded"],
	croner: ["api", "jobs"],
	re2js: ["api", "features"],
	semver: ["api", "features"],
	zod: [""],
	"@thi.ng/cache": [""],
	"@thi.ng/heaps": [""],
	"@thi.ng/ksuid": [""],
	"node:http": [
		"http",
		"app",
		"client",
		"control",
		"kube",
		"kube-embedded",
		"storage/s3",
		"storage/gcs",
		"storage/azure",
	],
	"node:http2": ["kube", "kube-embedded"],
	"node:https": [
		"http",
		"app",
		"client",
		"control",
		"kube",
		"kube-embedded",
		"storage/s3",
		"storage/gcs",
		"storage/azure",
	],
};

/** Files are kept to one idea each; this is where the lint rule ends as well. */
const maxLines = 400;

const importPatterns: readonly RegExp[] = [
	/^(?:import|export)\s+(?:type\s+)?[\w$\s{},*]*?\bfrom\s+["']([^"']+)["']/gm,
	/^import\s+["']([^"']+)["']/gm,
	/\bimport\(\s*["']([^"']+)["']/g,
	/\bnew URL\(\s*["'](\.[^"']+)["'],\s*import\.meta\.url/g,
];

/**
 * What breaks the architecture in a set of source files (path below `src/` → text), one sentence each, in the order
 * of the files. Worker threads started by `new URL("./file.ts", import.meta.url)` count as imports, types too.
 */
export function findViolations(files: ReadonlyMap<string, string>): string[] {
	return [...files].flatMap(([path, text]) => violationsOf(path, text).map((violation) => `${path}: ${violation}`));
}

function violationsOf(path: string, text: string): string[] {
	const unit = unitOf(path);
	if (floorOf(unit) < 0) return ["stands in no unit of the architecture"];
	const found = importsOf(text).map((specifier) => judgeImport(path, unit, specifier));
	const lines = text.split("\n").length - 1;
	if (lines > maxLines) found.push(`has ${lines} lines, more than ${maxLines}`);
	if (/^export\s+default\b|\bas default\b/m.test(text)) found.push("has a default export");
	if (/\bimport\(\s*[^"'\s]/.test(withoutComments(text))) found.push("imports by a computed name");
	if (unit !== "app" && /\bprocess\.env\b|\benv\b[^;\n]*from "node:process"/.test(withoutComments(text))) {
		found.push("reads the environment");
	}
	return found.filter((violation) => violation !== undefined);
}

function importsOf(text: string): string[] {
	const code = withoutComments(text);
	return importPatterns.flatMap((pattern) => Array.from(code.matchAll(pattern), (match) => match[1] ?? ""));
}

/** Comments fall away where they begin a line or follow a blank, which is enough to keep examples out of sight. */
function withoutComments(text: string): string {
	return text.replace(/^\s*\/\*[\s\S]*?\*\//gm, "").replace(/(^|\s)\/\/[^\n]*/g, "$1");
}

function judgeImport(path: string, unit: string, specifier: string): string | undefined {
	if (specifier.startsWith("#/")) return judgeUnit(unit, specifier.slice(2));
	if (!specifier.startsWith(".")) return judgePackage(path, specifier);
	const violation = judgeUnit(unit, posix.join(posix.dirname(path), specifier));
	return violation ?? (specifier.includes("../") ? `climbs by ${specifier} where #/ says it plainly` : undefined);
}

function judgeUnit(unit: string, target: string): string | undefined {
	const other = unitOf(target);
	if (other === unit || other === below[unit]) return undefined;
	if (topOf(other) === topOf(unit)) {
		return other === topOf(unit) ? undefined : `imports ${target}: units of ${topOf(unit)}/ do not see each other`;
	}
	if (floorOf(other) < 0 || floorOf(other) >= floorOf(unit)) return `imports ${target}, which is on no lower floor`;
	const isDriver = drivers.has(topOf(other)) && other !== topOf(other);
	return isDriver && unit !== "app" ? `imports ${target}: drivers are opened in app/ alone` : undefined;
}

function judgePackage(path: string, specifier: string): string | undefined {
	const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
	const folders = packages[name] ?? (name.startsWith("node:") ? [""] : []);
	const allowed = folders.some((folder) => folder === "" || path.startsWith(`${folder}/`));
	return allowed ? undefined : `imports the package ${name}, which has no place there`;
}

/** `http/v2/blobs.ts` → `http`, `storage/s3/index.ts` → `storage/s3`, `storage/blob-store.ts` → `storage`, `main.ts` → `main`. */
function unitOf(path: string): string {
	const [top = "", child = "", ...rest] = path.split("/");
	if (child === "") return top === "main.ts" ? "main" : top;
	return parents.has(top) && rest.length > 0 ? `${top}/${child}` : top;
}

function topOf(unit: string): string {
	return unit.split("/")[0] ?? unit;
}

function floorOf(unit: string): number {
	return floors.findIndex((units) => units.includes(topOf(unit)));
}
