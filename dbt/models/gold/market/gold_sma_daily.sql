{{ config(unique_key=series() + ['bar_start_ns']) }}
{%- set length = 20 -%}
{%- set window = 'OVER (PARTITION BY ' ~ of('daily', series()) ~ ' ORDER BY daily.bar_start_ns ROWS BETWEEN ' ~ (length - 1) ~ ' PRECEDING AND CURRENT ROW)' %}

WITH
{%- if resumes() %} changed AS (
  SELECT {{ series() | join(', ') }}, MIN(bar_start_ns) AS changed_from_ns
  FROM ({{ unseen(ref('gold_ohlc_daily'), series()) }}) AS fresh
  GROUP BY {{ series() | join(', ') }}
),
{%- endif %}

windows AS (
  SELECT {{ chosen('daily', series() + ['bar_date', 'bar_start', 'bar_start_ns', 'close']) }},
    AVG(daily.{{ adapter.quote('close') }}) {{ window }} AS sma,
    COUNT(*) {{ window }} AS bars,
    MAX(daily.journal_offset) {{ window }} AS journal_offset
    {%- if resumes() %}, changed.changed_from_ns{% endif %}
  FROM {{ ref('gold_ohlc_daily') }} AS daily
  {%- if resumes() %}
  JOIN changed ON {{ same('daily', 'changed', series()) }}
  {%- endif %}
)

SELECT {{ series() | join(', ') }}, bar_date, bar_start, bar_start_ns, {{ adapter.quote('close') }}, sma, journal_offset
FROM windows
WHERE bars = {{ length }}{% if resumes() %} AND bar_start_ns >= changed_from_ns{% endif %}
