import { lauxlib, lua, lualib, to_luastring } from "fengari";

type LuaState = ReturnType<typeof lauxlib.luaL_newstate>;

/** The date of a script, in UTC: the interpreter's own does not know the `!` that asks for that. */
const date = (state: LuaState): number => {
	const [year = "", month = "", day = "", time = ""] = new Date().toISOString().split(/[-T.]/);
	const [hour = "", minute = "", second = ""] = time.split(":");
	const parts: { readonly [letter: string]: string } = { Y: year, m: month, d: day, H: hour, M: minute, S: second };
	const format = lua.lua_tojsstring(state, 1).replace(/^!/, "");
	lua.lua_pushstring(state, to_luastring(format.replaceAll(/%(.)/g, (_, letter: string) => parts[letter] ?? "?")));
	return 1;
};

const openTime = (state: LuaState): number => {
	lua.lua_createtable(state, 0, 1);
	lua.lua_pushjsfunction(state, date);
	lua.lua_setfield(state, -2, to_luastring("date"));
	return 1;
};

/** What Argo CD lets a script use: the base, tables, packages, and time. */
const LIBRARIES = [
	["_G", lualib.luaopen_base],
	["package", lualib.luaopen_package],
	["table", lualib.luaopen_table],
	["os", openTime],
] as const;

/**
 * What a Lua script returns, given a JSON value as the global `obj`: JSON again. An empty table is an empty list, as Lua
 * cannot tell it from an empty object.
 *
 * @throws Error with the interpreter's message when the script cannot be read, or fails
 */
export const runLua = (script: string, obj: unknown): unknown => {
	const state = lauxlib.luaL_newstate();
	for (const [name, open] of LIBRARIES) {
		lauxlib.luaL_requiref(state, to_luastring(name), open, 1);
		lua.lua_pop(state, 1);
	}
	push(state, obj);
	lua.lua_setglobal(state, to_luastring("obj"));
	const isRead = lauxlib.luaL_loadstring(state, to_luastring(script)) === lua.LUA_OK;
	if (!isRead || lua.lua_pcall(state, 0, 1, 0) !== lua.LUA_OK) throw new Error(lua.lua_tojsstring(state, -1));
	return pull(state);
};

const push = (state: LuaState, value: unknown): void => {
	if (typeof value === "string") lua.lua_pushstring(state, to_luastring(value));
	else if (typeof value === "number") lua.lua_pushnumber(state, value);
	else if (typeof value === "boolean") lua.lua_pushboolean(state, value);
	else if (typeof value !== "object" || value === null) lua.lua_pushnil(state);
	else if (Array.isArray(value)) {
		lua.lua_createtable(state, value.length, 0);
		for (const [i, entry] of value.entries()) {
			push(state, entry);
			lua.lua_seti(state, -2, i + 1);
		}
	} else {
		lua.lua_createtable(state, 0, 0);
		for (const [name, field] of Object.entries(value)) {
			push(state, field);
			lua.lua_setfield(state, -2, to_luastring(name));
		}
	}
};

/** The value on top of the stack. */
const pull = (state: LuaState): unknown => {
	switch (lua.lua_type(state, -1)) {
		case lua.LUA_TNIL:
			return null;
		case lua.LUA_TBOOLEAN:
			return lua.lua_toboolean(state, -1);
		case lua.LUA_TNUMBER:
			return lua.lua_tonumber(state, -1);
		case lua.LUA_TSTRING:
			return lua.lua_tojsstring(state, -1);
		case lua.LUA_TTABLE:
			return pullTable(state);
		default:
			throw new Error("the script returns what JSON has no word for");
	}
};

const pullTable = (state: LuaState): unknown => {
	const table = lua.lua_gettop(state);
	const fields: Record<string, unknown> = {};
	let isList = true;
	lua.lua_pushnil(state);
	while (lua.lua_next(state, table) !== 0) {
		const value = pull(state);
		lua.lua_pop(state, 1);
		// The key stays for the next step, and must not be turned into a string in its place.
		const isIndex = lua.lua_type(state, -1) === lua.LUA_TNUMBER;
		isList &&= isIndex;
		fields[isIndex ? String(lua.lua_tonumber(state, -1)) : lua.lua_tojsstring(state, -1)] = value;
	}
	return isList ? Object.values(fields) : fields;
};
