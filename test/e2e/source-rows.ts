/** What `picket source` prints as JSON of one run. */
export interface RunRow {
  run_id: string;
  by: string;
  node: string;
  outcome: string;
  code: string;
  detail: string;
  page: number;
  document_id: string | null;
  listed: number;
  retracted: number;
  pages: number;
}
