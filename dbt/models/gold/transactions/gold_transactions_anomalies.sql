{{ config(materialized='table') }}
{#- Outside of the fences of Tukey's box plot, three times the box away from it: far out, in his words. -#}
{%- set distance = 3 -%}
{%- set least = 20 %}

WITH prices AS (
  SELECT exchange, symbol, currency, operation_id, event_time, {{ floor_ns('event_time_ns', day_ns()) }} AS day_start_ns,
    {{ float_of('price') }} AS measured
  FROM {{ ref('silver_transactions') }}
),

price_boxes AS (
  SELECT exchange, symbol, currency, day_start_ns, {{ percentile('measured', 0.25) }} AS lower_quarter, {{ percentile('measured', 0.75) }} AS upper_quarter
  FROM prices
  GROUP BY exchange, symbol, currency, day_start_ns
  HAVING COUNT(*) >= {{ least }}
),

hours AS (
  SELECT exchange, hour_start, {{ float_of('SUM(operations)') }} AS measured
  FROM {{ ref('gold_transactions_hourly') }}
  GROUP BY exchange, hour_start
),

hour_boxes AS (
  SELECT exchange, {{ percentile('measured', 0.25) }} AS lower_quarter, {{ percentile('measured', 0.75) }} AS upper_quarter
  FROM hours
  GROUP BY exchange
  HAVING COUNT(*) >= {{ least }}
),

compared AS (
  SELECT 'price' AS kind, prices.exchange, prices.symbol, prices.operation_id, prices.event_time, prices.measured,
    lower_quarter - {{ distance }} * (upper_quarter - lower_quarter) AS lower_fence, upper_quarter + {{ distance }} * (upper_quarter - lower_quarter) AS upper_fence
  FROM prices
  JOIN price_boxes AS boxes ON {{ same('prices', 'boxes', ['exchange', 'symbol', 'currency', 'day_start_ns']) }}
  UNION ALL
  SELECT 'operations' AS kind, hours.exchange, {{ null_of('string') }}, {{ null_of('string') }}, hours.hour_start, hours.measured,
    lower_quarter - {{ distance }} * (upper_quarter - lower_quarter), upper_quarter + {{ distance }} * (upper_quarter - lower_quarter)
  FROM hours
  JOIN hour_boxes AS boxes ON hours.exchange = boxes.exchange
)

SELECT kind, exchange, symbol, operation_id, event_time, measured, lower_fence, upper_fence
FROM compared
WHERE measured < lower_fence OR measured > upper_fence
