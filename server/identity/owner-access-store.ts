import { type SqlBool, sql } from "kysely";

/**
 * Whether a key's owner can still reach its project: as a member of it, or as an owner of the organization, who reaches
 * all projects. A key that belongs to nobody is never without.
 */
export const ownerHasAccess = sql<SqlBool>`(api_keys.user_id is null or exists (
  select 1 from organization_members as m
  where m.organization_id = api_keys.organization_id and m.user_id = api_keys.user_id and (m.role = 'owner' or exists (
    select 1 from project_members as p where p.project_id = api_keys.project_id and p.user_id = m.user_id
  ))
))`;
