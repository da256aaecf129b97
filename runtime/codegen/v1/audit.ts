export { createAudit } from "../../logging/audit.js";
export type { AuditOptions } from "../../logging/audit.js";
