// Preloaded into a registry (`--import`, its threads too): leaves out what makes writes durable, so that a test that
// looks for it can be seen to miss it. LIMANI_TEST_SKIP_FSYNC is a pattern of the paths whose fsync does nothing;
// LIMANI_TEST_SYNCHRONOUS takes the place of FULL in SQLite's `synchronous`.
import fs, { readlinkSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync } from "node:sqlite";

const { LIMANI_TEST_SKIP_FSYNC: pattern, LIMANI_TEST_SYNCHRONOUS: synchronous } = process.env;

if (pattern !== undefined) skipFsync(new RegExp(pattern));
if (synchronous !== undefined) relax(synchronous);

function skipFsync(skipped: RegExp): void {
	const { fsync, fsyncSync } = fs;
	const isSkipped = (fd: number): boolean => skipped.test(readlinkSync(`/proc/self/fd/${fd}`));
	const patch = {
		fsync: (fd: number, done: fs.NoParamCallback) => {
			if (isSkipped(fd)) setImmediate(done, null);
			else fsync(fd, done);
		},
		fsyncSync: (fd: number) => {
			if (!isSkipped(fd)) fsyncSync(fd);
		},
	};
	Object.assign(fs, patch);
	syncBuiltinESMExports();
}

function relax(level: string): void {
	const exec = DatabaseSync.prototype.exec;
	DatabaseSync.prototype.exec = function (sql) {
		exec.call(this, sql.replace(/synchronous\s*=\s*FULL/i, `synchronous = ${level}`));
	};
}
