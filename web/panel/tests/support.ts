import type { Frame, Via } from '../src/model/frame';
import { emptyRow, type Row, type RowUpdate } from '../src/model/row';

export function row(code: string, fields: Partial<Row> = {}): Row {
  return { ...emptyRow(code, `${code.replace('-USDT', '')}/USDT:USDT`), ...fields };
}

export function frame(seq: number, items: readonly RowUpdate[], more: Partial<Frame> = {}): Frame {
  return { seq, ts: 1_000_000 + seq * 15_000, profile: 'scalp', simulated: false, gauge: null, bucket: null,
    nextScanAt: null, dataAgeMs: null, items, detailed: true, via: 'websocket' as Via, ...more };
}
