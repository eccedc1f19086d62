// What the database saw of leases, and of what was written under them: every change, in the order of the commits.
import assert from "node:assert/strict";
import { z } from "zod";
import { readBook } from "#/jobs/run-book.ts";
import { query } from "../postgres.ts";

/** Notes who had the lease of what is written, as the row that it is about says. */
const noteUnder = (name: string, on: string, columns: string): string => `
	CREATE FUNCTION audit.note_${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		INSERT INTO audit.${name} ${columns};
		RETURN NULL;
	END $$;
	CREATE TRIGGER audit_${name} AFTER ${on} FOR EACH ROW EXECUTE FUNCTION audit.note_${name}();`;

const INSTALL = `
	CREATE SCHEMA audit;
	CREATE TABLE audit.leases (n BIGSERIAL, name TEXT, holder TEXT, fence BIGINT, until BIGINT, at BIGINT);
	CREATE TABLE audit.states (n BIGSERIAL, uid TEXT, holder TEXT, fence BIGINT, state TEXT);
	CREATE TABLE audit.switches (n BIGSERIAL, repository TEXT, store TEXT, holder TEXT, fence BIGINT);
	${noteUnder(
		"leases",
		"INSERT OR UPDATE ON leases",
		`(name, holder, fence, until, at)
		VALUES (NEW.name, NEW.holder, NEW.fence, NEW.lease_until, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)`,
	)}
	${noteUnder(
		"states",
		"UPDATE OF state ON policies",
		`(uid, holder, fence, state)
		SELECT NEW.uid, l.holder, l.fence, NEW.state FROM leases l WHERE l.name = 'policy:' || NEW.uid`,
	)}
	${noteUnder(
		"switches",
		"UPDATE OF store ON repositories",
		`(repository, store, holder, fence)
		SELECT NEW.name, NEW.store, l.holder, l.fence FROM leases l WHERE l.name = 'move:' || NEW.project_id`,
	)}`;

const number = z.coerce.number();
const lease = z.object({ name: z.string(), holder: z.string(), fence: number, until: number, at: number });
const state = z.object({ uid: z.string(), holder: z.string(), fence: number, state: z.string() });
const change = z.object({ repository: z.string(), store: z.string(), holder: z.string(), fence: number });

/** A repository that went to another store, and who brought it there. */
export type AuditedSwitch = z.output<typeof change>;

/** A run of a policy, as the database saw it. */
export interface AuditedRun {
	readonly uid: string;
	readonly id: string;
	/** Under which lease it was begun and went on. */
	readonly holder: string;
	readonly fence: number;
	outcome: string;
}

/** What was found. */
export interface LeaseFindings {
	/** How often some lease went from one holder to another. */
	readonly takeovers: number;
	/** All runs of all policies, in the order in which they began. */
	readonly runs: readonly AuditedRun[];
	readonly switches: readonly AuditedSwitch[];
}

/** Notes everything from now on. @param url of the database of replicas that have made their schema */
export const openLeaseAudit = async (url: string): Promise<LeaseAudit> => {
	await query(url, INSTALL);
	return new LeaseAudit(url);
};

/** See the head of this file. */
export class LeaseAudit {
	readonly #url: string;

	constructor(url: string) {
		this.#url = url;
	}

	/** Who has a lease now: a process, by its id. Absent: nobody has it. */
	holderOf(name: string): Promise<number | undefined> {
		return this.#findHolder(name, "AND lease_until > (extract(epoch FROM clock_timestamp()) * 1000)::bigint");
	}

	/** Who has a lease, or had it last. Absent: nobody ever had it. */
	lastHolderOf(name: string): Promise<number | undefined> {
		return this.#findHolder(name);
	}

	async #findHolder(name: string, condition = ""): Promise<number | undefined> {
		const held = await this.#rows(`SELECT holder FROM leases WHERE name = '${name}' ${condition}`);
		const holder = z.array(z.object({ holder: z.string() })).parse(held)[0]?.holder;
		// Host, process and instance.
		return holder === undefined ? undefined : Number(holder.split("-").at(-2));
	}

	/**
	 * No lease was anybody's before the one who had it lost it, no policy was carried out twice at once, and nothing of a
	 * run was kept but by who had the lease then.
	 *
	 * @throws AssertionError
	 */
	async assertApart(): Promise<LeaseFindings> {
		const leases = z.array(lease).parse(await this.#rows("SELECT * FROM audit.leases ORDER BY n"));
		const states = z.array(state).parse(await this.#rows("SELECT * FROM audit.states ORDER BY n"));
		const switches = z.array(change).parse(await this.#rows("SELECT * FROM audit.switches ORDER BY n"));
		return { takeovers: assertLeasesApart(leases), runs: assertRunsApart(states), switches };
	}

	async #rows(sql: string): Promise<unknown> {
		return (await query(this.#url, sql)).rows;
	}
}

/** @returns how often one went from holder to holder */
const assertLeasesApart = (leases: readonly z.output<typeof lease>[]): number => {
	const held = new Map<string, z.output<typeof lease>>();
	const fences = new Set<number>();
	let takeovers = 0;
	for (const now of leases) {
		const before = held.get(now.name);
		held.set(now.name, now);
		if (before?.fence === now.fence) {
			assert.equal(now.holder, before.holder, `${now.name}: a fence of two holders`);
			continue;
		}
		assert.ok(!fences.has(now.fence), `${now.name}: the fence ${now.fence} was given twice`);
		fences.add(now.fence);
		if (before === undefined) continue;
		takeovers += 1;
		assert.ok(before.until <= now.at, `taken before it was over: ${JSON.stringify([before, now])}`);
		assert.ok(before.fence < now.fence, `fences go down: ${JSON.stringify([before, now])}`);
	}
	return takeovers;
};

const assertRunsApart = (states: readonly z.output<typeof state>[]): readonly AuditedRun[] => {
	const known = new Map<string, AuditedRun>();
	for (const { uid, holder, fence, state: text } of states) {
		const { runs } = readBook(JSON.parse(text));
		for (const [index, { id, outcome }] of runs.entries()) {
			const words = `run ${id} of ${uid}, written by ${holder} under ${fence}`;
			const before = known.get(id);
			if (outcome === "Running") assert.equal(index, 0, `${words}: goes on behind a later one`);
			if (before === undefined) {
				assert.equal(index, 0, `${words}: began before another one, and nobody heard of it`);
				known.set(id, { uid, id, holder, fence, outcome });
				continue;
			}
			if (before.outcome === outcome) {
				if (outcome === "Running") assert.equal(fence, before.fence, `${words}: begun under ${before.fence}`);
				continue;
			}
			assert.equal(before.outcome, "Running", `${words}: it had ended`);
			// Of a run whose process died its successor says so.
			if (outcome !== "Interrupted") assert.equal(fence, before.fence, `${words}: begun under ${before.fence}`);
			before.outcome = outcome;
		}
	}
	return [...known.values()];
};
