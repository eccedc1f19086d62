/** Who writes what is made for Registries, in `managedFields`. */
export const FIELD_MANAGER = "limani-registry";
