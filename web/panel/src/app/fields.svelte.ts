import { ApiError, type Http } from '../api/http';
import { decodeFields, type Field } from '../model/fields';
import { buildColumns, type Column } from '../store/table/columns';

/** A scanner that was replaced by another version may have other numbers. */
const REFRESH_MS = 300_000;
const RETRY_MS = 10_000;

/** What the scanner says of its numbers, and the columns that are made of it. */
export class FieldsState {
  /** null while they could not be read. */
  fields: readonly Field[] | null = $state.raw(null);
  columns: readonly Column[] = $state.raw(buildColumns(null));
  /** Why the fields could not be read; '' when they were, or nothing is known yet. */
  problem = $state('');
  private readonly byId: ReadonlyMap<string, Column> = $derived.by(() => new Map(this.columns.map((column) => [column.id, column])));
  private readonly http: Http;
  private readonly onChange: () => void;
  private read: string = '';

  constructor(http: Http, onChange: () => void) {
    this.http = http;
    this.onChange = onChange;
  }

  find(id: string): Column | undefined {
    return this.byId.get(id);
  }

  /** Resolves after the first answer. */
  async start(): Promise<void> {
    let again = REFRESH_MS;
    try {
      const answer = await this.http.get('/fields');
      const fields = decodeFields(answer);
      if (fields.length === 0) throw new ApiError(0, 'The answer of /fields lists no field.');
      const read = JSON.stringify(answer);
      this.problem = '';
      if (read !== this.read) {
        this.read = read;
        this.fields = fields;
        this.columns = buildColumns(fields);
        this.onChange();
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      again = RETRY_MS;
      this.problem = error.message;
    } finally {
      setTimeout(() => void this.start(), again);
    }
  }
}
