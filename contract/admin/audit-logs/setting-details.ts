import { z } from "zod";

const id = z.string().optional();
const text = z.string().optional();
const texts = z.array(z.string()).optional();
const number = z.number().optional();
const anything = z.unknown().optional();
const onlyId = z.object({ id });
const named = z.object({ id, name: text });
const manyNamed = z.array(named).optional();
const ipAllowlist = z.object({ id, name: text, allowed_ips: texts });

const storageProvider = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("aws"),
    account_id: z.string(),
    bucket: z.string(),
    external_id: z.string(),
    region: z.string(),
    role_arn: z.string(),
  }),
  z.object({
    type: z.literal("azure"),
    account_name: z.string(),
    container: z.string(),
    region: z.string(),
    resource_group: z.string(),
    subscription_id: z.string(),
    tenant_id: z.string(),
  }),
  z.object({
    type: z.literal("gcp"),
    audience: z.string(),
    bucket: z.string(),
    region: z.string(),
    workload_identity_pool_id: z.string(),
    workload_identity_project_number: z.string(),
    workload_identity_provider_id: z.string(),
  }),
  z.object({ type: z.literal("oci"), bucket: z.string(), region: z.string(), tenancy_ocid: z.string() }),
]);

const organizationChanges = z.object({
  api_call_logging: text,
  api_call_logging_project_ids: text,
  description: text,
  name: text,
  threads_ui_visibility: text,
  title: text,
  usage_dashboard_visibility: text,
});

const rateLimitChanges = z.object({
  max_requests_per_1_minute: number,
  max_tokens_per_1_minute: number,
  max_images_per_1_minute: number,
  max_audio_megabytes_per_1_minute: number,
  max_requests_per_1_day: number,
  batch_1_day_max_input_tokens: number,
});

/** What the audit log tells of the organization, its projects and their settings, by the type of the event. */
export const settingEventDetails = {
  "certificate.created": named,
  "certificate.updated": named,
  "certificate.deleted": named.extend({ certificate: text }),
  "certificates.activated": z.object({ certificates: manyNamed }),
  "certificates.deactivated": z.object({ certificates: manyNamed }),
  "checkpoint.permission.created": z.object({
    id,
    data: z.object({ fine_tuned_model_checkpoint: text, project_id: text }).optional(),
  }),
  "checkpoint.permission.deleted": onlyId,
  "external_key.registered": z.object({ id, data: anything }),
  "external_key.removed": onlyId,
  "external_storage.registered": z.object({
    id,
    data: z.object({ geography: text, provider: storageProvider.optional() }).optional(),
  }),
  "external_storage.removed": onlyId,
  "ip_allowlist.created": ipAllowlist,
  "ip_allowlist.updated": ipAllowlist.omit({ name: true }),
  "ip_allowlist.deleted": ipAllowlist,
  "ip_allowlist.config.activated": z.object({ configs: manyNamed }),
  "ip_allowlist.config.deactivated": z.object({ configs: manyNamed }),
  "organization.updated": z.object({ id, changes_requested: organizationChanges.optional() }),
  "project.created": z.object({ id, data: z.object({ name: text, title: text }).optional() }),
  "project.updated": z.object({ id, changes_requested: z.object({ title: text }).optional() }),
  "project.archived": onlyId,
  "project.deleted": onlyId,
  "rate_limit.updated": z.object({ id, changes_requested: rateLimitChanges.optional() }),
  "rate_limit.deleted": onlyId,
  "workload_identity_provider.created": z.object({ id, data: anything }),
  "workload_identity_provider.updated": z.object({ id, changes_requested: anything }),
  "workload_identity_provider.deleted": named,
  "workload_identity_provider_mapping.created": z.object({ id, identity_provider_id: text, data: anything }),
  "workload_identity_provider_mapping.updated": z.object({
    id,
    identity_provider_id: text,
    changes_requested: anything,
  }),
  "workload_identity_provider_mapping.deleted": z.object({
    id,
    identity_provider_id: text,
    project_id: text,
    service_account_id: text,
  }),
};
