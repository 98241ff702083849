"""What is asked: every GET route of /openapi.json, with parameters that make it show what it has."""

FLAGS = "scam_wick,liquidity_wall"


def of_every_route(document, needed, concrete):
    """The route alone, the errors that any route may give, and its other forms."""
    for path, operations in document["paths"].items():
        if "get" not in operations or path in ("/stream", "/stream/rankings", "/stream/events"):
            continue
        target = concrete(path)
        query = needed.get(path, "")
        yield "GET", target + (f"?{query}" if query else ""), []
        yield "GET", target + (f"?{query}" if query else ""), [("If-None-Match", "*")]
        yield "HEAD", target + "/" + (f"?{query}" if query else ""), []
        yield "GET", f"{target}?no_such_parameter=1", []
        yield "GET", f"{target}?top=%zz", []
        yield "OPTIONS", target, []
        yield "PATCH", target, []
    for target in ("/", "/rankings/of/nothing", "/Rankings", "/openapi.json/x"):
        yield "GET", target, []


def of_rankings(fields):
    for profile in ("scalp", "swing", "news", "calm"):
        yield f"/rankings?profile={profile}&top=200&page_size=100"
        yield f"/rankings?profile={profile}&top=200&format=csv"
        yield f"/opportunities?profile={profile}&top=100"
        yield f"/symbol/BTC-USDT/inspect?profile={profile}"
    for field in fields:
        yield f"/rankings?sort={field}&fields=symbol,{field}&top=200&page_size=100"
        yield f"/rankings?sort={field}&order=asc&fields={field}&format=csv&top=200"
    yield from (
        "/rankings?explain=1", "/rankings?seq=1&top=3", "/rankings?seq=2&page=2&page_size=5", "/rankings?seq=999",
        "/rankings?symbols=btc,ETH-USDT,SOL/USDT:USDT", "/rankings?symbols=BTC%2FUSDT:USDT&order=asc",
        "/rankings?watchlist=majors", "/rankings?watchlist=nothing", "/rankings?notional=250000&top=200&page_size=100",
        "/rankings?notional=1&top=50", "/rankings?min_qvol=0&max_spread_bps=10000&top=200&page_size=200",
        "/rankings?min_qvol=1e300", "/rankings?max_manip_score=20", f"/rankings?exclude_flags={FLAGS}",
        "/rankings?include_funding=0&include_basis=false&top=200&page_size=100", "/rankings?include_carry=0&top=200",
        "/rankings?include_funding=0&include_carry=1&format=csv", "/rankings?min_listed_days=400&explain=1",
        "/rankings?page=999999999&page_size=1", "/rankings?fields=notes,manip_flags,symbol&top=200&format=csv",
        "/rankings?top=0&page=x&sort=nothing&fields=nope&symbols=nothing&watchlist=none&top_=1", "/rankings?_=1",
        "/rankings?sort=spread_bps&order=asc&page=2&page_size=7&top=200",
        "/opportunities?top=100&notional=1", "/opportunities?top=100&notional=1000000&profile=swing",
        "/opportunities?include_funding=0&include_basis=no&include_carry=0", "/opportunities?max_manip_score=0",
        "/opportunities?sort=reward_risk_net&top=5", "/opportunities?sort=confidence&tradable=true",
        "/opportunities?tradable=false&top=100", "/opportunities?top=x&sort=nothing&notional=-1")


def of_contracts(universe):
    """Every contract that the exchange lists: in the scan from the ranking, outside of it on demand."""
    for entry in universe:
        code = entry["contract_code"]
        if code.isascii():
            yield f"/symbol/{code}/inspect"
            yield f"/symbols/{code}/inspect?mode=card"
    yield from ("/symbol/btc/inspect?profile=swing", "/symbol/BTC/USDT:USDT/inspect", "/symbol/nothing/inspect",
                "/symbol/BTC%2FUSDT:USDT/inspect?mode=card&profile=news", "/symbol/BTC-USDX/inspect",
                "/symbol/btc/inspect?mode=none&profile=none")


def of_history(moments):
    first, second, third = moments
    for profile in ("scalp", "swing", "news", "calm", "gone"):
        yield f"/history/rankings?profile={profile}&limit=500"
    for symbol in ("BTC-USDT", "eth", "SOL/USDT:USDT"):
        yield f"/history/rankings?symbol={symbol}&inputs=1&limit=50"
        yield f"/history/rankings?symbol={symbol}&inputs=1&format=csv"
        for interval in ("1m", "5m", "15m", "1h"):
            yield f"/history/bars?symbol={symbol}&interval={interval}"
        yield f"/history/bars?symbol={symbol}&format=csv"
        yield f"/history/bars?symbol={symbol}&format=ndjson"
    yield from (
        "/history/rankings?format=csv", "/history/rankings?format=ndjson&profile=swing",
        "/history/rankings?format=ndjson&inputs=1&symbol=btc", "/history/rankings?limit=7", "/history/rankings?limit=2&format=csv",
        f"/history/rankings?from={first}&to={second}&limit=5000", f"/history/rankings?from={third}",
        "/history/rankings?from=2026-01-01&to=2026-01-02", "/history/bars?symbol=eth&limit=1",
        "/history/rankings?cursor=nonsense", "/history/rankings?from=tomorrow", "/history/rankings?limit=0&inputs=maybe",
        "/history/rankings?from=2026-02-01&to=2026-01-01", "/history/bars?symbol=//", "/history/bars?symbol=btc&interval=2m",
        "/rankings?as_of=2000-01-01", "/rankings?as_of=2026-11-22&notional=1")
    for moment in (first, second, third, "2100-01-01"):
        for profile in ("scalp", "swing", "calm"):
            yield f"/rankings?as_of={moment}&profile={profile}&top=200&page_size=200"
        yield f"/rankings?as_of={moment}&format=csv&top=200"
        yield f"/rankings?as_of={moment}&symbols=btc,eth&fields=symbol,score,spread_bps"


def of_the_operator():
    yield from (
        "/settings", "/watchlists", "/watchlists/majors", "/watchlists/majorz", "/profiles", "/profiles/scalp",
        "/profiles/swing", "/profiles/news", "/profiles/calm", "/profiles/calmer", "/alerts", "/alerts?limit=1",
        "/alerts?rule=leaders", "/alerts?symbol=btc", "/alerts?from=2020-01-01T00:00:00Z&to=2020-01-02",
        "/alerts?from=yesterday&symbol=//&cursor=nonsense", "/alerts/rules", "/alerts/rules/leaders",
        "/alerts/dead-letters", "/alerts/dead-letters?limit=1", "/health", "/ready", "/healthz/details", "/metrics")


STREAMS = (
    "/stream/events?top=5", "/stream/events?top=200&profile=swing", "/stream/events?profile=calm&symbols=btc,eth",
    "/stream/events?top=3&notional=100000", "/stream/events?top=0", "/stream/rankings?top=200",
    "/stream/rankings?profile=news&top=7", "/stream/rankings?symbols=btc,eth", "/stream/rankings?top=0",
    "/stream/rankings?max_manip_score=30&top=100", "/stream/rankings?x=%zz", "/stream", "/stream?top=1")
