/** What a tenant refuses its callers with: an error whose code travels to the caller. */
export class TenantRefusal extends Error {
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}
