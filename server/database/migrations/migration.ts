/**
 * One numbered step of the schema. Once it has landed its file never changes (fingerprints.json, held by a test): a
 * correction is a new migration. SQL for Postgres 15 and newer; each statement by itself, all steps in one transaction.
 */
export type Migration = { readonly name: string; readonly statements: readonly string[] };
