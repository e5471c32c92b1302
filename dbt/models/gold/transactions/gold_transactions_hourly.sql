{{ config(unique_key=['exchange', 'currency', 'operation', 'hour_start_ns']) }}
{%- set hour = floor_ns('event_time_ns', hour_ns()) %}

WITH hours AS (
  SELECT exchange, currency, operation, {{ hour }} AS hour_start_ns, COUNT(*) AS operations, SUM(price) AS total_price,
    COUNT(DISTINCT person_name) AS clients, COUNT(DISTINCT symbol) AS symbols
  FROM {{ ref('silver_transactions') }}
  GROUP BY exchange, currency, operation, {{ hour }}
),

changed AS (
  {{ recounted('hours', ['exchange', 'currency', 'operation', 'hour_start_ns'], 'operations') }}
)

SELECT exchange, currency, operation, {{ timestamp_of('hour_start_ns') }} AS hour_start, hour_start_ns, operations, total_price,
  {{ safe_divide('total_price', 'operations') }} AS average_price, clients, symbols
FROM changed
