/** One numbered step of the store's schema. Once released its text never changes: `migrate` compares checksums. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}
