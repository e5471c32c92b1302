{{ config(unique_key=series() + ['bar_start_ns']) }}

WITH RECURSIVE
{{ wilder(14, {
  'average_gain': 'GREATEST(close - previous_close, 0)',
  'average_loss': 'GREATEST(previous_close - close, 0)',
}) }}

SELECT {{ series() | join(', ') }}, {{ date_of('bar_start_ns') }} AS bar_date, {{ timestamp_of('bar_start_ns') }} AS bar_start, bar_start_ns, close,
  average_gain, average_loss,
  CASE
    WHEN average_loss > 0 THEN 100 - 100 / (1 + average_gain / average_loss)
    WHEN average_gain > 0 THEN 100
    ELSE 50
  END AS rsi,
  bar_number, journal_offset
FROM averages
