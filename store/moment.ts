/** The database's now, one for a whole statement, in whole milliseconds as instants are kept. A part of statements. */
export const moment = "moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS at)";
