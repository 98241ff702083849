// A client on ccxt.pro that watches books, trades and tickers of the simulator (or anything that looks like HTX):
//   node bench/ccxt-watch.mjs BASE_URL [CONTRACTS] [MINUTES] [TOPICS]      TOPICS: book,trades,ticker
// It checks what it is told: books that are deep, ordered and never crossed, versions without a gap, trades that are
// never older than the last. Prints one JSON object, {"minutes", "messages", "books", "trades", "tickers", "errors", …},
// and exits with 1 when there was an error.
import ccxt from 'ccxt';

const [base, contractsText = '20', minutesText = '15', topicsText = 'book,trades,ticker'] = process.argv.slice(2);
const topics = topicsText.split(',');
if (!base) {
  console.error('usage: node bench/ccxt-watch.mjs BASE_URL [CONTRACTS] [MINUTES] [TOPICS]');
  process.exit(2);
}

async function exchangeAt(url) {
  const host = new URL(url).host;
  const exchange = new ccxt.pro.htx({
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
  for (const type of ['swap', 'future']) {
    exchange.urls.api.ws.api[type].linear.public = `ws://${host}/linear-swap-ws`;
  }
  await exchange.loadHttpProxyAgent();
  return exchange;
}

const exchange = await exchangeAt(base);
const counts = { messages: 0, books: 0, trades: 0, tickers: 0, errors: 0, gaps: 0, disconnects: 0 };
const problems = [];
const problem = (text) => {
  counts.errors += 1;
  if (problems.length < 10) problems.push(text);
};

// Every frame that arrives, before ccxt looks at it: ccxt passes over a version that is one too far.
const versions = new Map();
const handleMessage = exchange.handleMessage.bind(exchange);
exchange.handleMessage = (client, message) => {
  counts.messages += 1;
  const version = message?.tick?.version;
  if (message?.ch?.includes('high_freq')) {
    const before = versions.get(message.ch);
    if (before !== undefined && message.tick.event === 'update' && version !== before + 1) {
      counts.gaps += 1;
      problem(`${message.ch}: version ${version} after ${before}`);
    }
    versions.set(message.ch, version);
  }
  return handleMessage(client, message);
};
const onClose = exchange.onClose?.bind(exchange);
exchange.onClose = (...given) => { counts.disconnects += 1; return onClose?.(...given); };
const onError = exchange.onError?.bind(exchange);
exchange.onError = (client, error) => { problem(`connection: ${error?.message ?? error}`); return onError?.(client, error); };

const markets = await exchange.loadMarkets();
const symbols = Object.values(markets).filter((m) => m.swap && m.linear && m.active).map((m) => m.symbol)
  .slice(0, Number(contractsText));
const began = performance.now();
const until = began + Number(minutesText) * 60_000;

/** Calls `watch` again and again until the time is over; what it throws is an error. */
async function follow(name, watch, check) {
  while (performance.now() < until) {
    try {
      const left = until - performance.now();
      let timer;
      const over = new Promise((resolve) => { timer = setTimeout(resolve, left, undefined); });
      const news = await Promise.race([watch(), over]);
      clearTimeout(timer);
      if (news === undefined) return;
      check(news);
    } catch (error) {
      problem(`${name}: ${error.constructor.name} ${error.message}`);
      await new Promise((resolve) => { setTimeout(resolve, 1000); });
    }
  }
}

function checkBook(symbol, book) {
  counts.books += 1;
  const { bids, asks } = book;
  if (!(bids.length > 0 && asks.length > 0)) return problem(`${symbol}: a side is empty`);
  if (!(bids[0][0] < asks[0][0])) return problem(`${symbol}: crossed, ${bids[0][0]} and ${asks[0][0]}`);
  for (let i = 1; i < bids.length; i += 1) if (!(bids[i][0] < bids[i - 1][0])) return problem(`${symbol}: bids`);
  for (let i = 1; i < asks.length; i += 1) if (!(asks[i][0] > asks[i - 1][0])) return problem(`${symbol}: asks`);
  if (bids.length > 150 || asks.length > 150) return problem(`${symbol}: ${bids.length}/${asks.length} levels`);
  return undefined;
}

await Promise.all(symbols.flatMap((symbol) => {
  let newest = 0;
  return [
    topics.includes('book') && follow(`${symbol} book`, () => exchange.watchOrderBook(symbol, 150), (book) => checkBook(symbol, book)),
    topics.includes('trades') && follow(`${symbol} trades`, () => exchange.watchTrades(symbol), (trades) => {
      for (const trade of trades) {
        counts.trades += 1;
        if (!(trade.price > 0 && trade.amount > 0)) problem(`${symbol}: a trade without price or amount`);
        newest = Math.max(newest, trade.timestamp);
      }
      if (newest > Date.now() + 5_000) problem(`${symbol}: a trade of the future`);
    }),
    topics.includes('ticker') && follow(`${symbol} ticker`, () => exchange.watchTicker(symbol), (ticker) => {
      counts.tickers += 1;
      if (!(ticker.last > 0 && ticker.bid < ticker.ask)) problem(`${symbol}: ticker ${ticker.bid} ${ticker.ask}`);
    }),
  ];
}));
const minutes = (performance.now() - began) / 60_000;
const cpu = process.cpuUsage();
console.log(JSON.stringify({
  minutes: Number(minutes.toFixed(2)), contracts: symbols.length, ...counts,
  cpuMicrosPerMessage: Math.round((cpu.user + cpu.system) / Math.max(1, counts.messages)), problems,
}));
const failed = counts.errors > 0 || counts.messages === 0;
await exchange.close();
process.exit(failed ? 1 : 0);
