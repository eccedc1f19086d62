/** By this label an object says which resource it was made for, by its uid and whatever its namespace. */
export const OWNER_LABEL = "limani.dev/owner-uid";
