/** The candle chart: the only part that needs lightweight-charts, so it is loaded with it when a drawer opens. */
import {
  CandlestickSeries, ColorType, createChart, createSeriesMarkers, CrosshairMode, HistogramSeries, type IChartApi, type ISeriesApi,
  type ISeriesMarkersPluginApi, type Time, type UTCTimestamp,
} from 'lightweight-charts';
import type { Bar } from '../../model/inspection';
import type { Mark } from '../../store/episodes';
import { priceDecimals } from '../../store/format';
import { turnover } from '../../store/inspection';
import { offsetSeconds, type Zone } from '../../store/time';

export interface ChartInput {
  /** Contract and timeframe: another one is shown from its beginning. */
  readonly subject: string;
  /** Whatever the colours follow: with another one they are read anew. */
  readonly look: string;
  readonly bars: readonly Bar[];
  /** Where episodes of manipulation began. */
  readonly marks: readonly Mark[];
  readonly tick: number | null;
  readonly zone: Zone;
}

/** A bar under the crosshair, or the last one. */
export type OnBar = (bar: Bar | null) => void;

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export class CandleChart {
  private readonly chart: IChartApi;
  private readonly candles: ISeriesApi<'Candlestick'>;
  private readonly volume: ISeriesApi<'Histogram'>;
  private readonly markers: ISeriesMarkersPluginApi<Time>;
  private byTime = new Map<number, Bar>();
  private subject = '';
  private look = '';
  private key = '';

  constructor(host: HTMLElement, onBar: OnBar) {
    this.chart = createChart(host, {
      autoSize: true,
      // Its logo brings a <style> element that the page's content policy refuses; the credit stands under the chart.
      layout: { attributionLogo: false, fontSize: 11, background: { type: ColorType.Solid, color: 'transparent' } },
      rightPriceScale: { borderVisible: false, entireTextOnly: true, scaleMargins: { top: 0.06, bottom: 0.24 } },
      timeScale: { borderVisible: false, timeVisible: true, secondsVisible: false, rightOffset: 2 },
      crosshair: { mode: CrosshairMode.Magnet },
      handleScroll: { vertTouchDrag: false, mouseWheel: false },
      handleScale: { mouseWheel: false },
    });
    this.volume = this.chart.addSeries(HistogramSeries, { priceScaleId: '', priceFormat: { type: 'volume' },
      priceLineVisible: false, lastValueVisible: false });
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.candles = this.chart.addSeries(CandlestickSeries, { borderVisible: false });
    this.markers = createSeriesMarkers(this.candles, []);
    this.chart.subscribeCrosshairMove((event) => {
      onBar(typeof event.time === 'number' ? (this.byTime.get(event.time) ?? null) : null);
    });
  }

  private paint(): void {
    const [up, down] = [token('--candle-up'), token('--candle-down')];
    this.chart.applyOptions({
      layout: { textColor: token('--muted'), fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { vertLines: { color: token('--line-soft') }, horzLines: { color: token('--line-soft') } },
      crosshair: { vertLine: { color: token('--line-strong'), labelBackgroundColor: token('--muted') },
        horzLine: { color: token('--line-strong'), labelBackgroundColor: token('--muted') } },
    });
    this.candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
  }

  show({ subject, bars, marks, tick, zone, look }: ChartInput): void {
    const isOther = subject !== this.subject;
    if (look !== this.look) this.paint();
    this.subject = subject;
    const last = bars.at(-1);
    const key = `${subject}|${look}|${zone}|${bars.length}|${bars[0]?.at}|${last?.at}|${last?.close}|${last?.volume}|${marks.map((mark) => `${mark.at}${mark.text}`).join()}`;
    if (key === this.key) return;
    this.key = key;
    this.look = look;
    const decimals = priceDecimals(last?.close ?? 1, tick);
    this.candles.applyOptions({ priceFormat: { type: 'price', precision: decimals, minMove: 10 ** -decimals } });
    const [up, down, forming] = [token('--candle-up'), token('--candle-down'), token('--faint')];
    const at = (bar: Bar): UTCTimestamp => (bar.at / 1000 + offsetSeconds(bar.at, zone)) as UTCTimestamp;
    this.byTime = new Map(bars.map((bar) => [at(bar), bar]));
    this.candles.setData(bars.map((bar) => ({ time: at(bar), open: bar.open, high: bar.high, low: bar.low, close: bar.close,
      // One price is no candle yet: the exchange has not told its range.
      ...(bar.volume === null ? { color: forming, wickColor: forming } : {}) })));
    this.volume.setData(bars.flatMap((bar) => (bar.volume === null ? [] : [{ time: at(bar), value: turnover(bar) ?? 0,
      color: `${bar.close >= bar.open ? up : down}55` }])));
    this.markers.setMarkers(marks.map((mark) => ({ time: (mark.at / 1000 + offsetSeconds(mark.at, zone)) as UTCTimestamp,
      position: 'aboveBar', shape: 'arrowDown', color: token(mark.counts ? '--bad' : '--muted'), text: mark.text })));
    // Room on the left for the first label.
    if (isOther) this.chart.timeScale().setVisibleLogicalRange({ from: -3, to: bars.length + 1 });
  }

  destroy(): void {
    this.chart.remove();
  }
}
