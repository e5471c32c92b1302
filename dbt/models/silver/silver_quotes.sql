{{ config(unique_key=['venue', 'symbol', 'source', 'fetched_at_ns']) }}

WITH unseen AS (
  {{ unseen(bronze('quote_snapshots'), ['venue', 'symbol', 'source']) }}
),

ranked AS (
  SELECT unseen.*, ROW_NUMBER() OVER (
    PARTITION BY venue, symbol, source, fetched_at_ns ORDER BY journal_offset DESC, frame_index DESC) AS recency
  FROM unseen
)

SELECT venue, symbol, source, {{ timestamp_of('fetched_at_ns') }} AS fetched_at, fetched_at_ns, {{ timestamp_of('event_time_ns') }} AS event_time,
  event_time_ns, {{ adapter.quote('current') }} AS price, {{ adapter.quote('change') }} AS price_change, change_percent,
  {{ adapter.quote('open') }} AS day_open, high AS day_high, low AS day_low, previous_close, journal_offset
FROM ranked
WHERE recency = 1
