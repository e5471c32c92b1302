{{ config(unique_key=series() + ['bar_interval', 'bar_start_ns']) }}

WITH settled AS (
  SELECT * FROM {{ bronze('bars') }} AS bars WHERE final
),

unseen AS (
  {{ unseen('settled', ['venue', 'symbol', 'source']) }}
),

ranked AS (
  SELECT unseen.*, ROW_NUMBER() OVER (
    PARTITION BY {{ series() | join(', ') }}, {{ adapter.quote('interval') }}, start_ns ORDER BY revision DESC, journal_offset DESC) AS recency
  FROM unseen
)

SELECT {{ series() | join(', ') }}, {{ adapter.quote('interval') }} AS bar_interval, {{ timestamp_of('start_ns') }} AS bar_start, start_ns AS bar_start_ns,
  {{ adapter.quote('open') }} AS {{ adapter.quote('open') }}, high, low, {{ adapter.quote('close') }} AS {{ adapter.quote('close') }},
  volume, vwap, adjusted_close, trades, revision, journal_offset
FROM ranked
WHERE recency = 1
