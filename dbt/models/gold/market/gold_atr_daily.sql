{{ config(unique_key=series() + ['bar_start_ns']) }}

WITH RECURSIVE
{{ wilder(14, {'atr': 'GREATEST(high - low, ABS(high - previous_close), ABS(low - previous_close))'}) }}

SELECT {{ series() | join(', ') }}, {{ date_of('bar_start_ns') }} AS bar_date, {{ timestamp_of('bar_start_ns') }} AS bar_start, bar_start_ns, close,
  atr, {{ safe_divide('atr', 'close') }} * 100 AS atr_percent, bar_number, journal_offset
FROM averages
