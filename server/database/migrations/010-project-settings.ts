import type { Migration } from "./migration.ts";

/**
 * What an organization and its projects have set. Where there is no row, nobody has set anything: the defaults are the
 * program's.
 */
export const projectSettings: Migration = {
  name: "010-project-settings",
  statements: [
    `create table organization_settings (
      organization_id text primary key references organizations (id),
      data_retention text not null check (data_retention in (
        'zero_data_retention', 'modified_abuse_monitoring',
        'enhanced_zero_data_retention', 'enhanced_modified_abuse_monitoring'))
    )`,
    // No mode means every model, no list of tiers every tier.
    `create table project_settings (
      project_id text primary key,
      organization_id text not null,
      model_mode text check (model_mode in ('allow_list', 'deny_list')),
      model_ids text[] not null,
      hosted_tools_off text[] not null check (hosted_tools_off <@ array[
        'code_interpreter', 'file_search', 'image_generation', 'mcp', 'web_search']),
      service_tier_default text not null check (service_tier_default in ('standard', 'fast', 'scale')),
      service_tiers_enabled text[] check (service_tiers_enabled <@ array['flex', 'fast', 'ultrafast']),
      data_retention text not null check (data_retention in (
        'organization_default', 'none', 'zero_data_retention', 'modified_abuse_monitoring',
        'enhanced_zero_data_retention', 'enhanced_modified_abuse_monitoring')),
      foreign key (organization_id, project_id) references projects (organization_id, id)
    )`,
    // A limit that nobody has set is null.
    `create table project_rate_limits (
      project_id text not null,
      organization_id text not null,
      model text not null check (model <> ''),
      max_requests_per_1_minute bigint,
      max_tokens_per_1_minute bigint,
      max_images_per_1_minute bigint,
      max_audio_megabytes_per_1_minute bigint,
      max_requests_per_1_day bigint,
      batch_1_day_max_input_tokens bigint,
      primary key (project_id, model),
      foreign key (organization_id, project_id) references projects (organization_id, id)
    )`,

    "alter table organization_settings enable row level security",
    "alter table organization_settings force row level security",
    "alter table project_settings enable row level security",
    "alter table project_settings force row level security",
    "alter table project_rate_limits enable row level security",
    "alter table project_rate_limits force row level security",

    `create policy platform_scope on organization_settings using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on organization_settings using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
    )`,
    `create policy platform_scope on project_settings using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on project_settings using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) in ('', project_id)
    )`,
    `create policy platform_scope on project_rate_limits using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on project_rate_limits using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) in ('', project_id)
    )`,

    "grant select, insert, update on organization_settings, project_settings, project_rate_limits to headrace_app",
  ],
};
