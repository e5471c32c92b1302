{{ config(unique_key=series() + ['bar_interval', 'bar_start_ns']) }}
{%- set candle = 'venue, symbol, bar_interval, bar_start_ns' %}

WITH lengths AS (
  SELECT '1m' AS bar_interval, {{ int_of(minute_ns()) }} AS length_ns
  UNION ALL
  SELECT '1h' AS bar_interval, {{ int_of(hour_ns()) }} AS length_ns
),

placed AS (
  SELECT quotes.venue, quotes.symbol, lengths.bar_interval, {{ floor_ns('quotes.event_time_ns', 'lengths.length_ns') }} AS bar_start_ns,
    quotes.price, quotes.event_time_ns, quotes.fetched_at_ns, quotes.journal_offset
  FROM {{ ref('silver_quotes') }} AS quotes
  CROSS JOIN lengths
),

ordered AS (
  SELECT placed.*,
    ROW_NUMBER() OVER (PARTITION BY {{ candle }} ORDER BY event_time_ns, fetched_at_ns, journal_offset) AS from_first,
    ROW_NUMBER() OVER (PARTITION BY {{ candle }} ORDER BY event_time_ns DESC, fetched_at_ns DESC, journal_offset DESC) AS from_last
  FROM placed
),

candles AS (
  SELECT {{ series() | join(', ') }}, bar_interval, bar_start_ns, {{ adapter.quote('open') }}, high, low, {{ adapter.quote('close') }}, volume,
    trades AS samples, journal_offset
  FROM {{ ref('silver_bars') }}
  WHERE bar_interval IN ('1m', '1h')
  UNION ALL
  SELECT venue, symbol, 'quotes' AS source, 'trade' AS price_type, bar_interval, bar_start_ns, MAX(CASE WHEN from_first = 1 THEN price END), MAX(price),
    MIN(price), MAX(CASE WHEN from_last = 1 THEN price END), {{ float_of(0) }}, {{ int_of('COUNT(*)') }}, MAX(journal_offset)
  FROM ordered
  GROUP BY venue, symbol, bar_interval, bar_start_ns
),

unseen AS (
  {{ unseen('candles', series() + ['bar_interval']) }}
)

SELECT {{ series() | join(', ') }}, bar_interval, {{ timestamp_of('bar_start_ns') }} AS bar_start, bar_start_ns, {{ adapter.quote('open') }}, high, low,
  {{ adapter.quote('close') }}, volume, samples, journal_offset
FROM unseen
