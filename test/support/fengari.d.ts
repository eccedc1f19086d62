// What the tests use of the Lua interpreter, which brings no types. Its names are those of the C API.
declare module "fengari" {
	/** A running interpreter. */
	interface LuaState {
		readonly brand: "lua_State";
	}
	type LuaString = Uint8Array;

	export function to_luastring(text: string): LuaString;

	export const lua: {
		readonly LUA_OK: number;
		readonly LUA_TNIL: number;
		readonly LUA_TBOOLEAN: number;
		readonly LUA_TNUMBER: number;
		readonly LUA_TSTRING: number;
		readonly LUA_TTABLE: number;
		lua_createtable(state: LuaState, entries: number, fields: number): void;
		lua_next(state: LuaState, index: number): number;
		lua_pcall(state: LuaState, given: number, returned: number, handler: number): number;
		lua_pop(state: LuaState, count: number): void;
		lua_pushboolean(state: LuaState, value: boolean): void;
		lua_pushjsfunction(state: LuaState, call: (state: LuaState) => number): void;
		lua_pushnil(state: LuaState): void;
		lua_pushnumber(state: LuaState, value: number): void;
		lua_pushstring(state: LuaState, value: LuaString): void;
		lua_setfield(state: LuaState, index: number, name: LuaString): void;
		lua_setglobal(state: LuaState, name: LuaString): void;
		lua_seti(state: LuaState, index: number, at: number): void;
		lua_gettop(state: LuaState): number;
		lua_toboolean(state: LuaState, index: number): boolean;
		lua_tojsstring(state: LuaState, index: number): string;
		lua_tonumber(state: LuaState, index: number): number;
		lua_type(state: LuaState, index: number): number;
	};

	export const lauxlib: {
		luaL_loadstring(state: LuaState, script: LuaString): number;
		luaL_newstate(): LuaState;
		luaL_requiref(state: LuaState, name: LuaString, open: (state: LuaState) => number, isGlobal: number): void;
	};

	export const lualib: {
		luaopen_base(state: LuaState): number;
		luaopen_package(state: LuaState): number;
		luaopen_table(state: LuaState): number;
	};
}
