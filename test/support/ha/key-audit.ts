// What the database saw of the token signing keys: every change of one, in the order of the commits.
import assert from "node:assert/strict";
import { z } from "zod";
import { query } from "../postgres.ts";

const NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

const INSTALL = `
	CREATE TABLE key_audit (n BIGSERIAL, kid TEXT, became TEXT, at BIGINT);
	INSERT INTO key_audit (kid, became, at) SELECT kid, state, since FROM signing_keys ORDER BY created_at;
	CREATE FUNCTION note_key() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF TG_OP = 'DELETE' THEN INSERT INTO key_audit (kid, became, at) VALUES (OLD.kid, 'gone', ${NOW});
		ELSE INSERT INTO key_audit (kid, became, at) VALUES (NEW.kid, NEW.state, ${NOW}); END IF;
		RETURN NULL;
	END $$;
	CREATE TRIGGER note_key AFTER INSERT OR UPDATE OF state OR DELETE ON signing_keys
		FOR EACH ROW EXECUTE FUNCTION note_key();`;

const change = z.object({
	kid: z.string(),
	became: z.enum(["next", "active", "retired", "gone"]),
	at: z.coerce.number(),
});

/** A turn: another key signs from then on. */
export interface KeyTurn {
	readonly from: string;
	readonly to: string;
	/** When, milliseconds since the epoch. */
	readonly at: number;
	/** For how long the other key had been announced, milliseconds. */
	readonly announcedMs: number;
}

/** See the head of this file. */
export class KeyAudit {
	readonly #url: string;

	private constructor(url: string) {
		this.#url = url;
	}

	/** Notes everything from now on, and what there is. No key may have turned yet. */
	static async open(databaseUrl: string): Promise<KeyAudit> {
		await query(databaseUrl, INSTALL);
		return new KeyAudit(databaseUrl);
	}

	/**
	 * All turns, in their order. One key was made for each, and one at most for the next; none left the way from announced
	 * through active and retired to gone.
	 *
	 * @throws AssertionError
	 */
	async turns(): Promise<readonly KeyTurn[]> {
		const { rows } = await query(this.#url, "SELECT kid, became, at FROM key_audit ORDER BY n");
		const turns: KeyTurn[] = [];
		const retired = new Set<string>();
		let made = 0;
		let active: string | undefined;
		let leaving: string | undefined;
		let next: { readonly kid: string; readonly at: number } | undefined;
		for (const { kid, became, at } of z.array(change).parse(rows)) {
			const words = `${kid} became ${became} while ${active} signed and ${next?.kid} was announced`;
			if (became === "next") {
				assert.equal(next, undefined, `${words}: two keys for one turn`);
				next = { kid, at };
				made += 1;
			} else if (became === "retired") {
				assert.equal(kid, active, words);
				retired.add(kid);
				[leaving, active] = [active, undefined];
			} else if (became === "gone") {
				assert.ok(retired.delete(kid), words);
			} else if (leaving === undefined) {
				assert.deepEqual([active, next, made], [undefined, undefined, 0], words);
				active = kid;
			} else {
				assert.ok(active === undefined && next?.kid === kid, words);
				turns.push({ from: leaving, to: kid, at, announcedMs: at - next.at });
				[active, next] = [kid, undefined];
			}
		}
		assert.equal(made, turns.length + (next === undefined ? 0 : 1), "keys that were made for no turn");
		return turns;
	}
}
