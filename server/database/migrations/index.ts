import { identity } from "./001-identity.ts";
import { responses } from "./002-responses.ts";
import { usageEvents } from "./003-usage-events.ts";
import { changeLog } from "./004-change-log.ts";
import { installation } from "./005-installation.ts";
import { auditLog } from "./006-audit-log.ts";
import { serviceAccounts } from "./007-service-accounts.ts";
import { people } from "./008-people.ts";
import { keyRestrictions } from "./009-key-restrictions.ts";
import { projectSettings } from "./010-project-settings.ts";
import { installationAudit } from "./011-installation-audit.ts";
import { conversations } from "./012-conversations.ts";
import { chatCompletions } from "./013-chat-completions.ts";
import { backgroundResponses } from "./014-background-responses.ts";
import { backgroundLimit } from "./015-background-limit.ts";
import type { Migration } from "./migration.ts";

/** All migrations in their order. Append only. */
export const migrations: readonly Migration[] = [
  identity,
  responses,
  usageEvents,
  changeLog,
  installation,
  auditLog,
  serviceAccounts,
  people,
  keyRestrictions,
  projectSettings,
  installationAudit,
  conversations,
  chatCompletions,
  backgroundResponses,
  backgroundLimit,
];
