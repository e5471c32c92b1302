{{ config(unique_key=series() + ['bar_start_ns']) }}
{%- set day = floor_ns('event_time_ns', day_ns()) %}

WITH quotes AS (
  SELECT venue, symbol, {{ day }} AS bar_start_ns, price, day_open, day_high, day_low,
    MAX(journal_offset) OVER (PARTITION BY venue, symbol, {{ day }}) AS journal_offset,
    ROW_NUMBER() OVER (PARTITION BY venue, symbol, {{ day }} ORDER BY event_time_ns DESC, fetched_at_ns DESC, journal_offset DESC) AS recency
  FROM {{ ref('silver_quotes') }}
),

days AS (
  SELECT {{ series() | join(', ') }}, bar_start_ns, {{ adapter.quote('open') }}, high, low, {{ adapter.quote('close') }}, volume, vwap, trades, revision, journal_offset
  FROM {{ ref('silver_bars') }}
  WHERE bar_interval = '1d'
  UNION ALL
  SELECT venue, symbol, 'quotes' AS source, 'trade' AS price_type, bar_start_ns, COALESCE(day_open, price), GREATEST(COALESCE(day_high, price), price),
    LEAST(COALESCE(day_low, price), price), price, {{ float_of(0) }}, {{ null_of('float64') }}, {{ int_of(0) }}, 0, journal_offset
  FROM quotes
  WHERE recency = 1
),

unseen AS (
  {{ unseen('days', series()) }}
)

SELECT {{ series() | join(', ') }}, {{ date_of('bar_start_ns') }} AS bar_date, {{ timestamp_of('bar_start_ns') }} AS bar_start, bar_start_ns,
  {{ adapter.quote('open') }}, high, low, {{ adapter.quote('close') }}, volume, vwap, trades, revision, journal_offset
FROM unseen
