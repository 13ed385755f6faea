/**
 * The rules of `picket db lint`, each a question to PostgreSQL's catalog that answers `object` and `what` (more about it,
 * or null). Ours are the schemas `platform`, `telemetry` and `tenant_<id>`, and the roles that go with them.
 */

export interface LintRule {
  /** Stable, snake_case. */
  rule: string;
  detail: string;
  sql: string;
}

/** The tenant's schema and role are named alike (`ids.ts`). */
const tenantName = "'^tenant_[a-z][a-z2-7]{11}$'";

/** `n`: our schemas, with the role that everything in them belongs to. */
const ours = `ours AS (
  SELECT n.oid, n.nspname, n.nspowner, n.nspacl,
    CASE WHEN n.nspname ~ ${tenantName} THEN n.nspname::text ELSE session_user::text END AS owner
  FROM pg_namespace n WHERE n.nspname IN ('platform', 'telemetry') OR n.nspname ~ ${tenantName}
)`;

/** Tables, partitioned tables, views, materialised views, sequences. */
const relations = "('r', 'p', 'v', 'm', 'S')";

export const lintRules: readonly LintRule[] = [
  {
    rule: 'wrong_owner',
    detail: 'does not belong to the role of its schema',
    sql: `WITH ${ours}
SELECT format('%I.%I', o.nspname, c.relname) AS object, format('owner %s, expected %s', r.rolname, o.owner) AS what
FROM pg_class c JOIN ours o ON o.oid = c.relnamespace LEFT JOIN pg_roles r ON r.oid = c.relowner
WHERE c.relkind IN ${relations} AND r.rolname::text IS DISTINCT FROM o.owner
UNION ALL
SELECT format('%I.%I()', o.nspname, p.proname), format('owner %s, expected %s', r.rolname, o.owner)
FROM pg_proc p JOIN ours o ON o.oid = p.pronamespace LEFT JOIN pg_roles r ON r.oid = p.proowner
WHERE r.rolname::text IS DISTINCT FROM o.owner
UNION ALL
SELECT format('%I', o.nspname), format('owner %s, expected %s', r.rolname, o.owner)
FROM ours o LEFT JOIN pg_roles r ON r.oid = o.nspowner WHERE r.rolname::text IS DISTINCT FROM o.owner
ORDER BY 1`,
  },
  {
    rule: 'mutable_search_path',
    detail:
      'the function takes its search path from its caller (SET search_path = ... belongs in its definition)',
    sql: `WITH ${ours}
SELECT format('%I.%I(%s)', o.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS object,
  CASE WHEN p.prosecdef THEN 'and runs with the rights of its owner' END AS what
FROM pg_proc p JOIN ours o ON o.oid = p.pronamespace
WHERE NOT EXISTS (SELECT FROM unnest(coalesce(p.proconfig, '{}')) s WHERE s LIKE 'search_path=%')
ORDER BY 1`,
  },
  {
    rule: 'foreign_key_without_index',
    detail: 'a row that is referred to can only be deleted by reading this whole table',
    sql: `WITH ${ours}
SELECT format('%I.%I', o.nspname, c.relname) AS object, k.conname::text AS what
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN ours o ON o.oid = c.relnamespace
WHERE k.contype = 'f' AND NOT EXISTS (
  SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indisvalid AND i.indpred IS NULL
    AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
)
ORDER BY 1, 2`,
  },
  {
    rule: 'no_row_level_security',
    detail: 'shared by tenants without row-level security that holds for its owner too',
    sql: `SELECT format('%I.%I', n.nspname, c.relname) AS object,
  CASE WHEN c.relrowsecurity THEN 'not forced on its owner' ELSE 'not enabled' END AS what
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'telemetry' AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
ORDER BY 1`,
  },
  {
    rule: 'missing_policy',
    detail: 'no policy of row-level security for a role that works with it',
    sql: `SELECT format('%I.%I', n.nspname, c.relname) AS object, w.role AS what
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN (VALUES ('picket_writer'), ('picket_tenant')) w(role)
WHERE n.nspname = 'telemetry' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT EXISTS (
  SELECT FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles)
  WHERE p.polrelid = c.oid AND r.rolname = w.role
)
ORDER BY 1, 2`,
  },
  {
    rule: 'open_policy',
    detail: 'a policy shows rows to more than the writer, or to tenants without asking whose they are',
    sql: `SELECT format('%I.%I', n.nspname, c.relname) AS object, p.polname::text AS what
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'telemetry' AND p.polroles <> ARRAY[(SELECT oid FROM pg_roles WHERE rolname = 'picket_writer')]
  AND (coalesce(pg_get_expr(p.polqual, p.polrelid), '') !~ 'tenant_id.*CURRENT_USER' OR p.polroles = '{0}')
ORDER BY 1, 2`,
  },
  {
    rule: 'granted_to_public',
    detail: 'open to every role of the server',
    sql: `WITH ${ours}
SELECT object, string_agg(privilege_type, ', ' ORDER BY privilege_type) AS what FROM (
  SELECT format('%I', o.nspname) AS object, a.privilege_type FROM ours o, aclexplode(o.nspacl) a WHERE a.grantee = 0
  UNION ALL
  SELECT format('%I.%I', o.nspname, c.relname), a.privilege_type
  FROM pg_class c JOIN ours o ON o.oid = c.relnamespace, aclexplode(c.relacl) a WHERE a.grantee = 0
  UNION ALL
  SELECT format('%I.%I.%I', o.nspname, c.relname, t.attname), a.privilege_type
  FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN ours o ON o.oid = c.relnamespace, aclexplode(t.attacl) a
  WHERE a.grantee = 0
  UNION ALL
  -- Functions are open unless they were closed.
  SELECT format('%I.%I(%s)', o.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), a.privilege_type
  FROM pg_proc p JOIN ours o ON o.oid = p.pronamespace, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
  WHERE a.grantee = 0
  UNION ALL
  SELECT 'default privileges in ' || coalesce(n.nspname, 'every schema'), a.privilege_type
  FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) a
  WHERE a.grantee = 0 AND d.defaclobjtype <> 'T'
) g GROUP BY object ORDER BY 1`,
  },
  {
    rule: 'role_too_strong',
    detail: 'the role sees past row-level security, or has a right that it does not need',
    // The role that initdb made is the server's own.
    sql: `SELECT r.rolname::text AS object, concat_ws(', ',
  CASE WHEN r.rolsuper THEN 'superuser' END, CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END,
  CASE WHEN r.ours AND r.rolcanlogin THEN 'LOGIN' END, CASE WHEN r.ours AND r.rolcreaterole THEN 'CREATEROLE' END,
  CASE WHEN r.ours AND r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN r.ours AND r.rolreplication THEN 'REPLICATION' END) AS what
FROM (SELECT *, rolname ~ ${tenantName} OR rolname IN ('picket_writer', 'picket_tenant') AS ours FROM pg_roles) r
WHERE r.oid <> 10 AND (r.rolsuper OR r.rolbypassrls
  OR r.ours AND (r.rolcanlogin OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication))
ORDER BY 1`,
  },
  {
    rule: 'wrong_member',
    detail: 'a role that is a member of a tenant or of the writer, and should not be',
    sql: `SELECT m.rolname::text AS object, r.rolname::text AS what
FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
WHERE (r.rolname ~ ${tenantName} OR r.rolname = 'picket_writer') AND m.rolname <> session_user
  OR r.rolname = 'picket_tenant' AND m.rolname <> session_user AND m.rolname !~ ${tenantName}
  OR (m.rolname ~ ${tenantName} OR m.rolname IN ('picket_writer', 'picket_tenant')) AND r.rolname <> 'picket_tenant'
ORDER BY 1, 2`,
  },
  {
    rule: 'foreign_grant',
    detail: 'a role may touch what belongs to a tenant, to the platform or to all tenants, and should not',
    sql: `WITH ${ours}
SELECT object, grantee AS what FROM (
  SELECT format('%I', o.nspname) AS object, o.owner, o.nspname, a.grantee::regrole::text AS grantee, true AS is_schema
  FROM ours o, aclexplode(o.nspacl) a WHERE a.grantee NOT IN (0, o.nspowner)
  UNION ALL
  SELECT format('%I.%I', o.nspname, c.relname), o.owner, o.nspname, a.grantee::regrole::text, false
  FROM pg_class c JOIN ours o ON o.oid = c.relnamespace, aclexplode(c.relacl) a WHERE a.grantee NOT IN (0, c.relowner)
) g
WHERE NOT CASE nspname
  WHEN 'telemetry' THEN grantee IN ('picket_writer', 'picket_tenant')
  WHEN 'platform' THEN grantee = 'picket_writer' AND (is_schema
    OR object IN ('platform.leases', 'platform.rollup', 'platform.rollup_promise', 'platform.rollup_marks'))
  ELSE false END
GROUP BY object, grantee ORDER BY 1, 2`,
  },
  {
    rule: 'left_over',
    detail: 'a schema or a role of a tenant that is not there',
    sql: `SELECT DISTINCT l.name AS object, NULL AS what FROM (
  SELECT nspname::text AS name FROM pg_namespace UNION ALL SELECT rolname::text FROM pg_roles
  WHERE pg_has_role(session_user, oid, 'MEMBER')
) l WHERE l.name ~ ${tenantName} AND NOT EXISTS (SELECT FROM platform.tenants t WHERE 'tenant_' || t.id = l.name)
ORDER BY 1`,
  },
];
