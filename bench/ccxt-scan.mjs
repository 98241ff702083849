// A scan cycle the way a scanner on ccxt does it, for bench/cycle.sh to run beside ours.
//   node bench/ccxt-scan.mjs BASE_URL CONCURRENCY CYCLES [same-calls]
// By default it makes the five calls a contract that ccxt offers (ticker, book, candles, funding, open interest);
// with `same-calls` it makes one call for all tickers and then book and candles a contract, as ours does.
// Prints one JSON object a cycle: {"seconds", "contracts", "requests"}.
import ccxt from 'ccxt';

const [base, concurrencyText = '12', cyclesText = '3', mode = 'five-calls'] = process.argv.slice(2);
if (!base) {
  console.error('usage: node bench/ccxt-scan.mjs BASE_URL [CONCURRENCY] [CYCLES] [same-calls]');
  process.exit(2);
}

function exchangeAt(url) {
  const host = new URL(url).host;
  const exchange = new ccxt.htx({
    enableRateLimit: false,
    has: { fetchCurrencies: false },
    options: {
      defaultType: 'swap',
      defaultSubType: 'linear',
      fetchMarkets: { types: { spot: false, linear: true, inverse: false } },
    },
  });
  exchange.urls.hostnames = { contract: host, spot: host };
  for (const [key, value] of Object.entries(exchange.urls.api)) {
    if (typeof value === 'string') exchange.urls.api[key] = value.replace('https://', 'http://');
  }
  return exchange;
}

/** Runs `work` over `items`, at most `width` at a time; a failed item is left out. */
async function spread(items, width, work) {
  const queue = items.values();
  let succeeded = 0;
  const lane = async () => {
    for (const item of queue) {
      try {
        await work(item);
        succeeded += 1;
      } catch (error) {
        if (process.env.VERBOSE) console.error(item, error.message);
      }
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return succeeded;
}

const exchange = exchangeAt(base);
const markets = await exchange.loadMarkets();
const symbols = Object.values(markets).filter((m) => m.swap && m.linear && m.active).map((m) => m.symbol);
const concurrency = Number(concurrencyText);

for (let cycle = 0; cycle < Number(cyclesText); cycle += 1) {
  const began = performance.now();
  let requests = 0;
  const call = (promise) => { requests += 1; return promise; };
  if (mode === 'same-calls') await call(exchange.fetchTickers());
  const contracts = await spread(symbols, concurrency, async (symbol) => {
    if (mode !== 'same-calls') {
      await call(exchange.fetchTicker(symbol));
      await call(exchange.fetchFundingRate(symbol));
      await call(exchange.fetchOpenInterest(symbol));
    }
    await call(exchange.fetchOrderBook(symbol));
    await call(exchange.fetchOHLCV(symbol, '1m', undefined, 200));
  });
  console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, contracts, requests }));
}
