{{ config(unique_key=['venue', 'symbol']) }}

WITH unseen AS (
  {{ unseen(ref('silver_quotes'), ['venue', 'symbol']) }}
),

ranked AS (
  SELECT quotes.*, ROW_NUMBER() OVER (
    PARTITION BY quotes.venue, quotes.symbol ORDER BY quotes.fetched_at_ns DESC, quotes.journal_offset DESC) AS recency,
    MAX(quotes.journal_offset) OVER (PARTITION BY quotes.venue, quotes.symbol) AS last_offset
  FROM {{ ref('silver_quotes') }} AS quotes
  JOIN (SELECT DISTINCT venue, symbol FROM unseen) AS changed ON {{ same('quotes', 'changed', ['venue', 'symbol']) }}
)

SELECT venue, symbol, price, COALESCE(price_change, price - previous_close) AS price_change,
  COALESCE(change_percent, 100 * {{ safe_divide('price - previous_close', 'previous_close') }}) AS change_percent,
  day_open, day_high, day_low, previous_close, event_time, fetched_at AS metadata_last_ts, last_offset AS journal_offset
FROM ranked
WHERE recency = 1
