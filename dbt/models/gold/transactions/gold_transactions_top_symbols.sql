{{ config(unique_key=['exchange', 'day_start_ns', 'place']) }}
{%- set day = floor_ns('event_time_ns', day_ns()) %}

WITH days AS (
  SELECT exchange, symbol, {{ day }} AS day_start_ns, COUNT(*) AS operations, SUM(price) AS total_price
  FROM {{ ref('silver_transactions') }}
  GROUP BY exchange, symbol, {{ day }}
),

places AS (
  SELECT days.*, ROW_NUMBER() OVER (PARTITION BY exchange, day_start_ns ORDER BY operations DESC, total_price DESC, symbol) AS place,
    SUM(operations) OVER (PARTITION BY exchange, day_start_ns) AS day_operations
  FROM days
),

best AS (SELECT * FROM places WHERE place <= 10),

changed AS (
  {{ recounted('best', ['exchange', 'day_start_ns', 'place'], 'day_operations') }}
)

SELECT exchange, {{ date_of('day_start_ns') }} AS day_date, day_start_ns, place, symbol, operations, total_price, {{ int_of('day_operations') }} AS day_operations
FROM changed
